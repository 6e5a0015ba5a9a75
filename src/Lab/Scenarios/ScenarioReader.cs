using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using CiliumDebugging.LoadTest.Contract;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace CiliumDebugging.Lab.Scenarios;

/// <summary>Reads <c>scenario.yaml</c> and the policy files it names. Strict: unknown fields are refused; all problems are reported together.</summary>
public static class ScenarioReader
{
    // A field that is there without a value is one that is not there.
    private sealed class ScenarioFile
    {
        public string Title
        {
            get;
            set => field = value ?? "";
        } = "";
        public string Source
        {
            get;
            set => field = value ?? "";
        } = "";
        public Dictionary<string, string?> Settings
        {
            get;
            set => field = value ?? [];
        } = [];
        public TopologyFile Topology
        {
            get;
            set => field = value ?? new();
        } = new();
        public LoadFile Load
        {
            get;
            set => field = value ?? new();
        } = new();
        public List<Dictionary<string, object?>?> Steps
        {
            get;
            set => field = value ?? [];
        } = [];
        public List<ExpectFile?> Expect
        {
            get;
            set => field = value ?? [];
        } = [];
    }

    private sealed class TopologyFile
    {
        public int Workers { get; set; } = 3;
        public int ClientWorker { get; set; }
        public List<int> BackendWorkers
        {
            get;
            set => field = value ?? [];
        } = [];
        public List<string?> Zones
        {
            get;
            set => field = value ?? [];
        } = [];
    }

    private sealed class LoadFile
    {
        public string Url
        {
            get;
            set => field = value ?? "";
        } = "";
        public string Method
        {
            get;
            set => field = value ?? "POST";
        } = "POST";
        public string? Body { get; set; }
        public double Rate { get; set; } = 50;
        public string Client
        {
            get;
            set => field = value ?? LoadSpec.DefaultClient;
        } = LoadSpec.DefaultClient;
        public string? Ports { get; set; }
        public int Connections { get; set; }
        public int? InFlight { get; set; }
    }

    private sealed class ExpectFile
    {
        public string Phase
        {
            get;
            set => field = value ?? "";
        } = "";
        public string? Delivery { get; set; }
        public bool? Failures { get; set; }
        public string? SuccessesFrom { get; set; }
        public int? FailureStatus { get; set; }
        public string? FailureShare { get; set; }
        public string? Diagnosis { get; set; }
        public string? NewPodShare { get; set; }
        public int? HitsPerRequest { get; set; }
    }

    /// <summary>Reads the scenario of a folder.</summary>
    /// <exception cref="ScenarioException">It cannot be read; the message has one line for each problem.</exception>
    public static Scenario Read(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var path = Path.Combine(folder, "scenario.yaml");
        var name = Path.GetFileName(Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar));
        ScenarioFile file;
        try
        {
            var deserializer = new DeserializerBuilder()
                .WithNamingConvention(CamelCaseNamingConvention.Instance)
                .Build();
            file = deserializer.Deserialize<ScenarioFile>(File.ReadAllText(path))
                ?? throw new ScenarioException($"{path}: the file is empty");
        }
        catch (YamlException e)
        {
            throw new ScenarioException($"{path}:{e.Start.Line}: {e.InnerException?.Message ?? e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ScenarioException($"{path}: cannot be read: {e.Message}");
        }
        var problems = new List<string>();
        var topology = new ScenarioTopology(
            file.Topology.Workers,
            file.Topology.ClientWorker,
            [.. file.Topology.BackendWorkers],
            [.. file.Topology.Zones.Select(z => z ?? "")]
        );
        problems.AddRange(topology.Problems());
        var load = Load(file.Load, problems);
        var steps = file
            .Steps.Select((step, i) => Step(step ?? [], i + 1, folder, problems))
            .OfType<ScenarioStep>()
            .ToImmutableArray();
        if (!steps.OfType<PhaseStep>().Any())
            problems.Add("steps: there is no phase, so nothing is measured; add '- phase: observe' with 'for: 10s'");
        var expect = file
            .Expect.Select(e => Expectation(e ?? new ExpectFile(), steps, !topology.Zones.IsEmpty, problems))
            .ToImmutableArray();
        return problems.Count == 0
            ? new Scenario(
                name,
                file.Title,
                file.Source,
                file.Settings.ToImmutableSortedDictionary(p => p.Key, p => p.Value ?? "", StringComparer.Ordinal),
                load!,
                steps,
                expect
            )
            {
                Topology = topology,
            }
            : throw new ScenarioException(
                string.Join(
                    Environment.NewLine,
                    problems.Select(p =>
                        p.Contains(": ", StringComparison.Ordinal) && p.Contains(".yaml:", StringComparison.Ordinal)
                            ? p
                            : $"{path}: {p}"
                    )
                )
            );
    }

    private static LoadSpec? Load(LoadFile load, List<string> problems)
    {
        if (!Uri.TryCreate(load.Url, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp)
        {
            problems.Add($"load.url '{load.Url}' is no http URL; use for example http://backend-1.backend:8080/echo");
            return null;
        }
        if (load.Rate is not (> 0 and <= 100_000))
            problems.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"load.rate {load.Rate} must be more than 0 and at most 100,000 requests per second"
                )
            );
        if (load.Ports is { } ports && ClientPortRange.Parse(ports, out _) is { } problem)
            problems.Add($"load.ports: {problem}");
        if (load.Connections is < 0 or > 1_000)
            problems.Add($"load.connections {load.Connections} must be from 0 (a fresh one for each request) to 1000");
        if (load.InFlight is < 1 or > 1_000_000)
            problems.Add($"load.inFlight {load.InFlight} must be from 1 to 1000000");
        return new LoadSpec(
            url,
            load.Method,
            load.Body,
            load.Rate,
            load.Client,
            load.Ports,
            load.Connections,
            load.InFlight
        );
    }

    private static ScenarioStep? Step(
        Dictionary<string, object?> step,
        int number,
        string folder,
        List<string> problems
    )
    {
        switch (step.Keys.Order(StringComparer.Ordinal).ToArray())
        {
            case ["apply"] when step["apply"] is string file:
                return Policies(file, folder, problems) is { } applied
                    ? new ApplyStep(Path.GetFileName(file), applied)
                    : null;
            case ["delete"] when step["delete"] is string file:
                return Policies(file, folder, problems) is { } deleted
                    ? new DeleteStep(Path.GetFileName(file), deleted)
                    : null;
            case ["deletePod"]:
                if (Place(step["deletePod"]) is { } place)
                    return new DeletePodStep(place);
                problems.Add($"steps[{number}].deletePod must be {{}}, {{node: client}} or {{node: other}}");
                return null;
            case ["service"]:
                return Service(step["service"], number, problems);
            case ["for", "phase"]
            or ["for", "phase", "requests"] when step["phase"] is string name && step["for"] is string text:
                return Phase(name, text, step.GetValueOrDefault("requests")?.ToString(), number, problems);
            default:
                problems.Add(
                    $"steps[{number}] {(step.Count == 0 ? "is empty" : $"has {string.Join(", ", step.Keys)}")}; a step is 'apply: FILE', 'delete: FILE', 'deletePod: {{}}', 'service: {{FIELD: VALUE}}', or 'phase: NAME' with 'for: DURATION'"
                );
                return null;
        }
    }

    private static PhaseStep? Phase(string name, string text, string? requests, int number, List<string> problems)
    {
        var least = 0;
        if (!Durations.TryParse(text, out var duration))
            problems.Add($"steps[{number}].for '{text}' is no duration; use for example 6s, 500ms or 2m");
        else if (
            requests is null
            || (
                int.TryParse(requests, NumberStyles.None, CultureInfo.InvariantCulture, out least)
                && least is >= 1 and <= 100_000_000
            )
        )
            return new PhaseStep(name, duration, least);
        else
            problems.Add($"steps[{number}].requests '{requests}' must be from 1 to 100000000");
        return null;
    }

    private static ServiceStep? Service(object? value, int number, List<string> problems)
    {
        var before = problems.Count;
        var fields = (value as IDictionary<object, object> ?? new Dictionary<object, object>()).ToDictionary(
            f => $"{f.Key}",
            f => $"{f.Value}",
            StringComparer.Ordinal
        );
        if (fields.Count == 0)
            problems.Add($"steps[{number}].service names no field; use for example {{sessionAffinity: ClientIP}}");
        string? Field(string name, params string[] allowed)
        {
            if (!fields.Remove(name, out var text) || allowed.Contains(text, StringComparer.Ordinal))
                return text;
            problems.Add($"steps[{number}].service.{name} '{text}' must be {string.Join(" or ", allowed)}");
            return null;
        }
        var affinity = Field("sessionAffinity", "None", "ClientIP");
        var policy = Field("internalTrafficPolicy", "Cluster", "Local");
        var distribution = Field("trafficDistribution", "PreferClose", "PreferSameZone");
        var external = Field("externalTrafficPolicy", "Cluster", "Local");
        int? seconds = null;
        if (
            fields.Remove("affinitySeconds", out var text)
            && !(
                int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
                && count is >= 1 and <= 86_400
                && (seconds = count) > 0
            )
        )
            problems.Add($"steps[{number}].service.affinitySeconds '{text}' must be from 1 to 86400");
        foreach (var unknown in fields.Keys)
            problems.Add(
                $"steps[{number}].service.{unknown} is unknown; fields are sessionAffinity, affinitySeconds, internalTrafficPolicy, externalTrafficPolicy, trafficDistribution"
            );
        return problems.Count == before ? new ServiceStep(affinity, seconds, policy, distribution, external) : null;
    }

    private static PodPlace? Place(object? value) =>
        value switch
        {
            IDictionary<object, object> { Count: 0 } => PodPlace.Any,
            IDictionary<object, object> { Count: 1 } fields when fields.TryGetValue("node", out var node) => node switch
            {
                "client" => PodPlace.ClientNode,
                "other" => PodPlace.OtherNode,
                _ => null,
            },
            _ => null,
        };

    private static ImmutableArray<PolicyManifest>? Policies(string file, string folder, List<string> problems)
    {
        var (policies, found) = PolicyManifest.ReadFile(Path.Combine(folder, file));
        problems.AddRange(found);
        return found.Length == 0 ? policies : null;
    }

    private static PhaseExpectation Expectation(
        ExpectFile expect,
        IEnumerable<ScenarioStep> steps,
        bool zoned,
        List<string> problems
    )
    {
        if (!steps.OfType<PhaseStep>().Any(p => p.Name == expect.Phase))
            problems.Add($"expect.phase '{expect.Phase}' is no phase of this scenario");
        if (expect.HitsPerRequest is < 1 or > 100_000)
            problems.Add($"expect.hitsPerRequest {expect.HitsPerRequest} must be from 1 to 100000");
        if (expect.SuccessesFrom == "client-zone" && !zoned)
            problems.Add(
                "expect.successesFrom 'client-zone': the scenario's nodes are in no zones; add topology.zones"
            );
        var before = steps.TakeWhile(s => s is not PhaseStep phase || phase.Name != expect.Phase);
        if (expect.NewPodShare is not null && !before.OfType<DeletePodStep>().Any())
            problems.Add(
                $"expect.newPodShare: no pod is deleted before phase '{expect.Phase}', so there is no new one"
            );
        return new PhaseExpectation(expect.Phase)
        {
            Delivery = OneOf<ExpectedDelivery>("delivery", expect.Delivery, problems),
            Failures = expect.Failures,
            SuccessesFrom = OneOf<SuccessSource>("successesFrom", expect.SuccessesFrom, problems),
            FailureStatus = expect.FailureStatus,
            FailureShare = OneOf<ExpectedFailureShare>("failureShare", expect.FailureShare, problems),
            Diagnosis = expect.Diagnosis,
            NewPodShare = OneOf<ExpectedNewPodShare>("newPodShare", expect.NewPodShare, problems),
            HitsPerRequest = expect.HitsPerRequest,
        };
    }

    /// <summary>A value of an enum, written as in <c>client-node</c>.</summary>
    private static T? OneOf<T>(string field, string? text, List<string> problems)
        where T : struct, Enum
    {
        if (text is null)
            return null;
        var names = Enum.GetNames<T>().Select(JsonNamingPolicy.KebabCaseLower.ConvertName).ToList();
        if (names.IndexOf(text) is >= 0 and var found)
            return Enum.GetValues<T>()[found];
        problems.Add($"expect.{field} '{text}' must be {string.Join(", ", names)}");
        return null;
    }
}
