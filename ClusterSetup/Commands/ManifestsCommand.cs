using System.CommandLine;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab;
using CiliumDebugging.Lab.Manifests;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary><c>manifests</c>: prints the lab's objects, as <c>aspire publish</c> would put them into a chart.</summary>
internal static class ManifestsCommand
{
    private static readonly ManifestValues s_default = new();

    /// <summary>The values that <c>--set</c> knows, under the names of the Helm chart.</summary>
    private static readonly Dictionary<string, Func<ManifestValues, string, ManifestValues>> s_values = new(
        StringComparer.Ordinal
    )
    {
        ["backendCnp.enabled"] = (v, t) => v with { BackendCnp = Boolean(t) },
        ["loadTestCnp.enabled"] = (v, t) => v with { LoadTestCnp = Boolean(t) },
        ["dashboard.enabled"] = (v, t) => v with { Dashboard = Boolean(t) },
        ["prometheus.enabled"] = (v, t) => v with { Prometheus = Boolean(t) },
        ["grafana.enabled"] = (v, t) => v with { Grafana = Boolean(t) },
        ["runner.enabled"] = (v, t) => v with { Runner = Boolean(t) },
        ["runner.scenario"] = (v, t) =>
            v with
            {
                RunnerScenario = ScenarioCatalog.Names.Contains(t)
                    ? t
                    : throw new FormatException($"one of {string.Join(", ", ScenarioCatalog.Names)}"),
            },
        ["images.backend"] = (v, t) => v with { BackendImage = t },
        ["images.loadTest"] = (v, t) => v with { LoadTestImage = t },
        ["images.runner"] = (v, t) => v with { RunnerImage = t },
    };

    public static Command Build()
    {
        var set = new Option<string[]>("--set")
        {
            HelpName = "KEY=VALUE",
            Description = $"Values: {string.Join(", ", s_values.Keys)}. Repeatable.",
            DefaultValueFactory = _ => [],
        };
        var nodes = new Option<int>("--nodes")
        {
            HelpName = "N",
            Description = "Backend pods, 1 to 250, one on each node. Default 3.",
            DefaultValueFactory = _ => 3,
        };
        var command = new Command(
            "manifests",
            "Print the lab's Kubernetes objects: workloads, Aspire dashboard, Prometheus, Grafana, policies."
        )
        {
            set,
            nodes,
        };
        command.SetAction(parsed => Run(parsed.GetValue(set) ?? [], parsed.GetValue(nodes)));
        return command;
    }

    private static int Run(string[] sets, int nodes)
    {
        var (values, problems) = Read(sets);
        if (nodes is < 1 or > 250)
            problems.Add($"--nodes {nodes}: must be a whole number from 1 to 250");
        foreach (var problem in problems)
            Console.Error.WriteLine(problem);
        if (problems.Count > 0)
            return (int)ExitCode.BadUsage;
        var topology = ClusterTopology.Create("cluster", nodes);
        Console.Write(Manifest.ToYaml(ManifestSet.Render(values with { Topology = topology })));
        return (int)ExitCode.Success;
    }

    /// <summary>Reads <c>--set</c> options; all problems together.</summary>
    internal static (ManifestValues Values, List<string> Problems) Read(IEnumerable<string> sets)
    {
        var (values, problems) = (s_default, new List<string>());
        foreach (var option in sets)
        {
            if (option.Split('=', 2) is not [var key, var text])
                problems.Add($"--set {option}: must be key=value, for example --set backendCnp.enabled=true");
            else if (!s_values.TryGetValue(key, out var apply))
                problems.Add($"--set {option}: there is no value '{key}'; {Suggestion(key)}");
            else
            {
                try
                {
                    values = apply(values, text);
                }
                catch (FormatException e)
                {
                    problems.Add($"--set {option}: must be {e.Message}");
                }
            }
        }
        return (values, problems);
    }

    private static string Suggestion(string key) =>
        Spelling.Nearest(key, s_values.Keys, maxDistance: 4) is { } near
            ? $"did you mean {near}?"
            : $"there are {string.Join(", ", s_values.Keys)}";

    private static bool Boolean(string text) =>
        bool.TryParse(text, out var value) ? value : throw new FormatException("true or false");
}
