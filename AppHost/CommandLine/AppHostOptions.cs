using System.Collections.Immutable;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;

namespace CiliumDebugging.AppHost.CommandLine;

/// <summary>
/// What the command line asks for. Its scenario has been read: nothing here reads files but <see cref="Load"/>.
///</summary>
internal sealed record AppHostOptions
{
    /// <summary>Set by the Aspire CLI (the first two) and by IDEs.</summary>
    private static readonly string[] s_toolVariables =
    [
        "ASPIRE_BACKCHANNEL_PATH",
        "ASPIRE_CLI_PID",
        "DEBUG_SESSION_PORT",
    ];

    /// <summary>The scenario as the user named it: by name, or by the path of a folder with a scenario.yaml.</summary>
    public required string ScenarioReference { get; init; }

    /// <summary>The scenario that runs first, with the rate and the durations of the command line.</summary>
    public required Scenario Scenario { get; init; }

    /// <summary>The nodes, workloads and Services of the cluster.</summary>
    public required ClusterTopology Topology { get; init; }

    /// <summary>Requests per second of the load test; null: the scenario's.</summary>
    public double? RatePerSecond { get; init; }

    /// <summary>Length of the phase before the change; null: the scenario's.</summary>
    public TimeSpan? Baseline { get; init; }

    /// <summary>Length of the phase after the change; null: the scenario's.</summary>
    public TimeSpan? Observe { get; init; }

    /// <summary>Whether the process ends after the report, also on a terminal.</summary>
    public bool Once { get; init; }

    /// <summary>Whether the summary at the end has every count.</summary>
    public bool Verbose { get; init; }

    /// <summary>
    /// Whether only the scenario's load is started; the user makes the changes, and the lab stays up until Ctrl-C.
    ///</summary>
    public bool Manual { get; init; }

    /// <summary>Loopback port of the live page; null: the usual one, or a free one when that is taken.</summary>
    public int? PagePort { get; init; }

    /// <summary>
    /// Added to every Pod and Service port that is listened on; null: 0, or a free offset when a port is taken.
    ///</summary>
    public int? PortOffset { get; init; }

    /// <summary>Settings of kube-system/cilium-config under Cilium's own keys; they replace the scenario's.</summary>
    public required ImmutableSortedDictionary<string, string> CiliumSettings { get; init; }

    /// <summary>The existing cluster to show; null: the lab starts an embedded one.</summary>
    public ExistingCluster? Existing { get; init; }

    /// <summary>
    /// Whether the lab stays up after the run, for the dashboard and for commands: on a terminal, and where the Aspire
    /// CLI or an IDE started it, which end it themselves. <see cref="Once"/> forbids it.
    ///</summary>
    public bool StaysUp => !Once && (Manual || !Console.IsOutputRedirected || IsStartedByTool);

    private static bool IsStartedByTool =>
        s_toolVariables.Any(v => Environment.GetEnvironmentVariable(v) is { Length: > 0 });

    /// <summary>The scenario's settings with <see cref="CiliumSettings"/> over them.</summary>
    public ImmutableSortedDictionary<string, string> ClusterSettings => SettingsOf(Scenario);

    /// <summary>What a controller of the lab needs to know.</summary>
    public LabControllerOptions ControllerOptions() =>
        new(
            [.. ScenarioCatalog.Titles(Scenario).Select(s => new ScenarioChoice(s.Name, s.Title))],
            Load,
            SettingsOf,
            BackendsOf
        );

    /// <summary>
    /// Reads a scenario by its own name, and gives it the rate and the durations of the command line.
    ///</summary>
    /// <exception cref="ScenarioException">There is no such scenario, or it cannot be read.</exception>
    public Scenario Load(string name) =>
        ScenarioCatalog.Load(name == Scenario.Name ? ScenarioReference : name).With(RatePerSecond, Baseline, Observe);

    private ImmutableSortedDictionary<string, string> SettingsOf(Scenario scenario) =>
        scenario.Settings.SetItems(CiliumSettings);

    /// <summary>Number of Pods behind the Service of a scenario's load.</summary>
    private int BackendsOf(Scenario scenario) =>
        Topology
            .Workloads.Where(w => w.Name == scenario.Load.Service && w.Namespace == scenario.Load.Namespace)
            .Sum(w => w.Nodes.Length);
}
