using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.LoadTest.Attack;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace CiliumDebugging.ClusterSetup.Scenarios;

/// <summary>Reads <c>scenario.yaml</c> and the policy files it names. Strict: unknown fields are refused; all problems are reported together.</summary>
public static class ScenarioReader
{
    private sealed class ScenarioFile
    {
        public string Title { get; set; } = "";
        public string Source { get; set; } = "";
        public Dictionary<string, string> Settings { get; set; } = [];
        public LoadFile Load { get; set; } = new();
        public List<Dictionary<string, string>> Steps { get; set; } = [];
        public List<ExpectFile> Expect { get; set; } = [];
    }

    private sealed class LoadFile
    {
        public string Url { get; set; } = "";
        public string Method { get; set; } = "POST";
        public string? Body { get; set; }
        public double Rate { get; set; } = 50;
        public string Client { get; set; } = LoadSpec.DefaultClient;
        public string? Ports { get; set; }
    }

    private sealed class ExpectFile
    {
        public string Phase { get; set; } = "";
        public string? Delivery { get; set; }
        public bool? Failures { get; set; }
        public string? SuccessesFrom { get; set; }
        public int? FailureStatus { get; set; }
        public string? FailureShare { get; set; }
        public string? Diagnosis { get; set; }
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
            var deserializer = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).Build();
            file = deserializer.Deserialize<ScenarioFile>(File.ReadAllText(path)) ?? throw new ScenarioException($"{path}: the file is empty");
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
        var load = Load(file.Load, problems);
        var steps = file.Steps.Select((step, i) => Step(step, i + 1, folder, problems)).OfType<ScenarioStep>().ToImmutableArray();
        if (!steps.OfType<PhaseStep>().Any()) problems.Add("steps: there is no phase, so nothing is measured; add '- phase: observe' with 'for: 10s'");
        var expect = file.Expect.Select(e => Expectation(e, steps, problems)).ToImmutableArray();
        return problems.Count == 0
            ? new Scenario(name, file.Title, file.Source, file.Settings.ToImmutableSortedDictionary(StringComparer.Ordinal), load!, steps, expect)
            : throw new ScenarioException(string.Join(Environment.NewLine, problems.Select(p => p.Contains(": ", StringComparison.Ordinal) && p.Contains(".yaml:", StringComparison.Ordinal) ? p : $"{path}: {p}")));
    }

    private static LoadSpec? Load(LoadFile load, List<string> problems)
    {
        if (!Uri.TryCreate(load.Url, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp)
        {
            problems.Add($"load.url '{load.Url}' is no http URL; use for example http://backend-1.backend:8080/echo");
            return null;
        }
        if (load.Rate is not (> 0 and <= 100_000)) problems.Add(string.Create(CultureInfo.InvariantCulture, $"load.rate {load.Rate} must be more than 0 and at most 100,000 requests per second"));
        if (load.Ports is { } ports && ClientPortRange.Parse(ports, out _) is { } problem) problems.Add($"load.ports: {problem}");
        return new LoadSpec(url, load.Method, load.Body, load.Rate, load.Client, load.Ports);
    }

    private static ScenarioStep? Step(Dictionary<string, string> step, int number, string folder, List<string> problems)
    {
        switch (step.Keys.Order(StringComparer.Ordinal).ToArray())
        {
            case ["apply"]:
                return Policies(step["apply"], folder, problems) is { } applied ? new ApplyStep(step["apply"], applied) : null;
            case ["delete"]:
                return Policies(step["delete"], folder, problems) is { } deleted ? new DeleteStep(step["delete"], deleted) : null;
            case ["for", "phase"]:
                if (Durations.TryParse(step["for"], out var duration)) return new PhaseStep(step["phase"], duration);
                problems.Add($"steps[{number}].for '{step["for"]}' is no duration; use for example 6s, 500ms or 2m");
                return null;
            default:
                problems.Add($"steps[{number}] has {string.Join(", ", step.Keys)}; a step is 'apply: FILE', 'delete: FILE', or 'phase: NAME' with 'for: DURATION'");
                return null;
        }
    }

    private static ImmutableArray<PolicyManifest>? Policies(string file, string folder, List<string> problems)
    {
        var (policies, found) = PolicyManifest.ReadFile(Path.Combine(folder, file));
        problems.AddRange(found);
        return found.Length == 0 ? policies : null;
    }

    private static PhaseExpectation Expectation(ExpectFile expect, IEnumerable<ScenarioStep> steps, List<string> problems)
    {
        if (!steps.OfType<PhaseStep>().Any(p => p.Name == expect.Phase)) problems.Add($"expect.phase '{expect.Phase}' is no phase of this scenario");
        OneOf("delivery", expect.Delivery, ["even", "skewed", "not-skewed"]);
        OneOf("successesFrom", expect.SuccessesFrom, ["client-node"]);
        OneOf("failureShare", expect.FailureShare, ["remote-pods"]);
        return new PhaseExpectation(expect.Phase, expect.Delivery, expect.Failures, expect.SuccessesFrom, expect.FailureStatus, expect.FailureShare, expect.Diagnosis);

        void OneOf(string field, string? value, string[] allowed)
        {
            if (value is not null && !allowed.Contains(value, StringComparer.Ordinal)) problems.Add($"expect.{field} '{value}' must be {string.Join(", ", allowed)}");
        }
    }
}
