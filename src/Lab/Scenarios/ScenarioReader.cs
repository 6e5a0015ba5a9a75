using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.ServiceDefaults.Files;
using CiliumDebugging.ServiceDefaults.Processes;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace CiliumDebugging.Lab.Scenarios;

/// <summary>
/// Reads <c>scenario.yaml</c> and the policy files it names. Unknown fields are refused, and all problems are reported
/// together.
/// </summary>
public sealed partial class ScenarioReader
{
    private readonly string _folder;
    private readonly List<string> _problems = [];

    private ScenarioReader(string folder) => _folder = folder;

    private string FilePath => Path.Combine(_folder, "scenario.yaml");

    /// <summary>Reads the scenario of a folder.</summary>
    /// <exception cref="ScenarioException">It cannot be read; the message has one line for each problem.</exception>
    public static Scenario Read(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var reader = new ScenarioReader(folder);
        var scenario = reader.ScenarioOf(reader.ReadFile());
        if (scenario is not null && reader._problems.Count == 0)
            return scenario;
        throw new ScenarioException(string.Join(Environment.NewLine, reader._problems.Select(reader.Located)));
    }

    private ScenarioFile ReadFile()
    {
        try
        {
            var deserializer = new DeserializerBuilder()
                .WithNamingConvention(CamelCaseNamingConvention.Instance)
                .WithDuplicateKeyChecking()
                .Build();
            return deserializer.Deserialize<ScenarioFile>(RegularFile.ReadText(FilePath, PolicyManifest.MaxBytes))
                ?? throw new ScenarioException($"{FilePath}: the file is empty");
        }
        catch (YamlException e)
        {
            var problem = TypeNames().Replace(e.InnerException?.Message ?? e.Message, "");
            if (problem.Contains("deserializer", StringComparison.Ordinal) || e.InnerException is InvalidCastException)
                problem = "expected fields with values, as 'title: …', 'load: …' and 'steps: …'";
            throw new ScenarioException($"{FilePath}:{e.Start.Line}: {problem}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ScenarioException($"{FilePath}: cannot be read: {e.Message}");
        }
    }

    /// <summary>What YamlDotNet says of the program's types.</summary>
    [GeneratedRegex(@" on type '[^']*'", RegexOptions.CultureInvariant)]
    private static partial Regex TypeNames();

    /// <summary>A problem with its file; those of policy files name their own.</summary>
    private string Located(string problem) =>
        problem.Contains(".yaml:", StringComparison.Ordinal) && problem.Contains(": ", StringComparison.Ordinal)
            ? problem
            : $"{FilePath}: {problem}";

    /// <returns>The scenario; null when its load cannot be read.</returns>
    private Scenario? ScenarioOf(ScenarioFile file)
    {
        // A scenario without a topology assumes the default one, and does not need it.
        var topology = file.Topology is { } fields
            ? new ScenarioTopology(
                fields.Workers,
                fields.ClientWorker,
                [.. fields.BackendWorkers ?? []],
                [.. (fields.Zones ?? []).Select(zone => zone ?? "")]
            )
            : ScenarioTopology.Default;
        _problems.AddRange(topology.Problems());
        var load = LoadReader.Read(file.Load ?? new ScenarioFile.LoadFields(), _problems);
        ImmutableArray<ScenarioStep> steps =
        [
            .. (file.Steps ?? []).Select((step, i) => Step(step ?? [], i + 1)).OfType<ScenarioStep>(),
        ];
        var phases = (file.Steps ?? [])
            .Select((step, i) => (Name: step?.GetValueOrDefault("phase") as string, Number: i + 1))
            .Where(p => p.Name is not null);
        foreach (var same in phases.GroupBy(p => p.Name).Where(g => g.Count() > 1))
            _problems.Add(
                $"steps[{same.ElementAt(1).Number}].phase '{same.Key}' is also the name of steps[{same.First().Number}]; "
                    + "each phase needs a name of its own"
            );
        if (!steps.OfType<PhaseStep>().Any())
            _problems.Add("steps: there is no phase, so nothing is measured; add '- phase: observe' with 'for: 10s'");
        ImmutableArray<PhaseExpectation> expect =
        [
            .. (file.Expect ?? []).Select(e => Expectation(e ?? new(), steps, load, !topology.Zones.IsEmpty)),
        ];
        if (load is null)
            return null;
        return new Scenario(
            Path.GetFileName(Path.GetFullPath(_folder).TrimEnd(Path.DirectorySeparatorChar)),
            file.Title ?? "",
            file.Source ?? "",
            (file.Settings ?? []).ToImmutableSortedDictionary(p => p.Key, p => p.Value ?? "", StringComparer.Ordinal),
            load,
            steps,
            expect
        )
        {
            Topology = topology,
            Synopsis = Synopsis(file),
            Reported = [.. (file.Reported ?? []).Select(Range).OfType<ReleaseRange>()],
        };
    }

    private ScenarioSynopsis Synopsis(ScenarioFile file)
    {
        var synopsis = new ScenarioSynopsis(
            file.Symptom ?? "",
            file.Mechanism ?? "",
            file.Releases ?? "",
            file.Evidence ?? "prediction"
        );
        if (!synopsis.HasKnownEvidence)
            _problems.Add(
                $"evidence '{file.Evidence}' must begin with {string.Join(", ", ScenarioSynopsis.KindsOfEvidence)}; a "
                    + "remark may follow after a semicolon"
            );
        return synopsis;
    }

    private ReleaseRange? Range(string? text)
    {
        if (ReleaseRange.Parse(text) is { } range)
            return range;
        _problems.Add($"reported '{text}' is not a range of releases; use for example 1.9.0, 1.9.0..1.9.8 or all");
        return null;
    }

    private ScenarioStep? Step(Dictionary<string, object?> step, int number)
    {
        switch (step.Keys.Order(StringComparer.Ordinal).ToArray())
        {
            case ["apply"] when step["apply"] is string file:
                return Policies(file) is { } applied ? new ApplyStep(Path.GetFileName(file), applied) : null;
            case ["delete"] when step["delete"] is string file:
                return Policies(file) is { } deleted ? new DeleteStep(Path.GetFileName(file), deleted) : null;
            case ["deletePod"]:
                if (Place(step["deletePod"]) is { } place)
                    return new DeletePodStep(place);
                _problems.Add($"steps[{number}].deletePod must be {{}}, {{node: client}} or {{node: other}}");
                return null;
            case ["service"]:
                return Service(step["service"], number);
            case ["endpointSlice"]:
                return EndpointSliceSteps.Read(step["endpointSlice"], $"steps[{number}].endpointSlice", _problems);
            case ["scale"] or ["rollout"]:
                return DeploymentSteps.Read(step.Single(), $"steps[{number}]", _problems);
            case ["wait"] when step["wait"] is string time:
                if (Durations.TryParse(time, out var pause))
                    return new WaitStep(pause);
                _problems.Add($"steps[{number}].wait '{time}' is not a duration; use for example 6s, 500ms or 2m");
                return null;
            case ["for", "phase"]
            or ["for", "phase", "requests"] when step["phase"] is string name && step["for"] is string text:
                return Phase(name, text, step.GetValueOrDefault("requests")?.ToString(), number);
            default:
                var found = step.Count == 0 ? "is empty" : $"has {string.Join(", ", step.Keys)}";
                _problems.Add(
                    $"steps[{number}] {found}; a step is 'apply: FILE', 'delete: FILE', 'deletePod: {{}}', "
                        + "'service: {FIELD: VALUE}', 'endpointSlice: {name: NAME, addresses: [IP]}', 'scale: {replicas: N}', 'rollout: {}', 'wait: DURATION', or "
                        + "'phase: NAME' with 'for: DURATION'"
                );
                return null;
        }
    }

    private PhaseStep? Phase(string name, string text, string? requests, int number)
    {
        if (!Durations.TryParse(text, out var duration))
            _problems.Add($"steps[{number}].for '{text}' is not a duration; use for example 6s, 500ms or 2m");
        else if (requests is null)
            return new PhaseStep(name, duration);
        else if (IsWhole(requests, 100_000_000, out var min))
            return new PhaseStep(name, duration, min);
        else
            _problems.Add($"steps[{number}].requests '{requests}' must be from 1 to 100000000");
        return null;
    }

    private ServiceStep? Service(object? value, int number)
    {
        var before = _problems.Count;
        var fields = (value as IDictionary<object, object> ?? new Dictionary<object, object>()).ToDictionary(
            f => $"{f.Key}",
            f => $"{f.Value}",
            StringComparer.Ordinal
        );
        if (fields.Count == 0)
            _problems.Add($"steps[{number}].service names no field; use for example {{sessionAffinity: ClientIP}}");
        string? Field(string name, params string[] allowed)
        {
            if (!fields.Remove(name, out var text) || allowed.Contains(text, StringComparer.Ordinal))
                return text;
            _problems.Add($"steps[{number}].service.{name} '{text}' must be {string.Join(" or ", allowed)}");
            return null;
        }
        var affinity = Field("sessionAffinity", "None", "ClientIP");
        var policy = Field("internalTrafficPolicy", "Cluster", "Local");
        var distribution = Field("trafficDistribution", "PreferClose", "PreferSameZone");
        var external = Field("externalTrafficPolicy", "Cluster", "Local");
        int? seconds = null;
        if (fields.Remove("affinitySeconds", out var text))
        {
            if (IsWhole(text, 86_400, out var count))
                seconds = count;
            else
                _problems.Add($"steps[{number}].service.affinitySeconds '{text}' must be from 1 to 86400");
        }
        foreach (var unknown in fields.Keys)
            _problems.Add(
                $"steps[{number}].service.{unknown} is unknown; fields are sessionAffinity, affinitySeconds, "
                    + "internalTrafficPolicy, externalTrafficPolicy, trafficDistribution"
            );
        return _problems.Count == before ? new ServiceStep(affinity, seconds, policy, distribution, external) : null;
    }

    private static bool IsWhole(string text, int max, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= 1 && value <= max;

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

    private ImmutableArray<PolicyManifest>? Policies(string file)
    {
        try
        {
            var (policies, found) = PolicyManifest.ReadFile(PathOf(file));
            _problems.AddRange(found);
            return found.Length == 0 ? policies : null;
        }
        catch (IOException e)
        {
            _problems.Add($"a scenario applies files of its own folder, or of a scenario beside it: {e.Message}");
            return null;
        }
    }

    /// <summary>The path of a file of this folder, or of the folder of a scenario beside it.</summary>
    /// <exception cref="IOException">It is anywhere else.</exception>
    private string PathOf(string file)
    {
        if (file.Split('/') is not ["..", { Length: > 0 } other, { Length: > 0 } name])
            return RegularFile.Inside(_folder, file);
        var beside = Path.Combine(Path.GetFullPath(_folder), "..", other);
        return other is not ".." && File.Exists(Path.Combine(beside, "scenario.yaml"))
            ? RegularFile.Inside(beside, name)
            : RegularFile.Inside(_folder, file);
    }

    private PhaseExpectation Expectation(
        ScenarioFile.ExpectFields expect,
        ImmutableArray<ScenarioStep> steps,
        LoadSpec? load,
        bool hasZones
    )
    {
        if (!steps.OfType<PhaseStep>().Any(p => p.Name == (expect.Phase ?? "")))
            _problems.Add($"expect.phase '{expect.Phase}' is not a phase of this scenario");
        var read = new PhaseExpectation(expect.Phase ?? "")
        {
            Delivery = OneOf<ExpectedDelivery>("delivery", expect.Delivery),
            Failures = expect.Failures,
            SuccessesFrom = OneOf<SuccessSource>("successesFrom", expect.SuccessesFrom),
            FailureStatus = expect.FailureStatus,
            FailureShare = OneOf<ExpectedFailureShare>("failureShare", expect.FailureShare),
            Diagnosis = expect.Diagnosis,
            NewPodShare = OneOf<ExpectedNewPodShare>("newPodShare", expect.NewPodShare),
            RequestShare = OneOf<ExpectedRequestShare>("requestShare", expect.RequestShare),
            HitsPerRequest = expect.HitsPerRequest,
            Lost = OneOf<ExpectedLoss>("lost", expect.Lost),
        };
        if (expect.HitsPerRequest is < 1 or > 100_000)
            _problems.Add($"expect.hitsPerRequest {expect.HitsPerRequest} must be from 1 to 100000");
        if (read.SuccessesFrom is SuccessSource.ClientZone && !hasZones)
            _problems.Add(
                "expect.successesFrom 'client-zone': the scenario's nodes are in no zones; add topology.zones"
            );
        if (read.RequestShare is not null && load is { Connections: 0 })
            _problems.Add("expect.requestShare: the load keeps no connections; add load.connections");
        var before = steps.TakeWhile(s => s is not PhaseStep phase || phase.Name != read.Phase);
        if (expect.NewPodShare is not null && !before.OfType<DeletePodStep>().Any())
            _problems.Add(
                $"expect.newPodShare: no pod is deleted before phase '{expect.Phase}', so there is no new one"
            );
        if (expect.Lost is not null && !before.Any(s => s is ScaleStep or RolloutStep))
            _problems.Add($"expect.lost: no Deployment is scaled or restarted before phase '{expect.Phase}'");
        return read;
    }

    /// <summary>A value of an enum, written as in <c>client-node</c>.</summary>
    private T? OneOf<T>(string field, string? text)
        where T : struct, Enum
    {
        if (text is null)
            return null;
        var names = Enum.GetNames<T>().Select(JsonNamingPolicy.KebabCaseLower.ConvertName).ToList();
        if (names.IndexOf(text) is >= 0 and var found)
            return Enum.GetValues<T>()[found];
        _problems.Add($"expect.{field} '{text}' must be {string.Join(", ", names)}");
        return null;
    }
}
