using System.Collections.Immutable;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;

namespace CiliumDebugging.AppHost.CommandLine;

/// <summary>What the command line asks of the lab.</summary>
public sealed record LabOptions
{
    /// <summary>
    /// The scenario that is run: a name of <see cref="ScenarioCatalog"/>, or the path of a folder with a scenario.yaml.
    /// Default <c>two-sided-l7</c>.
    /// </summary>
    public string Scenario { get; init; } = "two-sided-l7";

    /// <summary>Requests per second of the load test, greater than 0; null: as many as the scenario says.</summary>
    public double? RatePerSecond { get; init; }

    /// <summary>
    /// How long the scenario is observed before it changes anything; null: as long as the scenario says.
    /// </summary>
    public TimeSpan? Baseline { get; init; }

    /// <summary>How long the scenario is observed after its change; null: as long as the scenario says.</summary>
    public TimeSpan? Observe { get; init; }

    /// <summary>Whether the process ends after the report, also on a terminal.</summary>
    public bool Once { get; init; }

    /// <summary>
    /// Whether only the scenario's load is started, without its steps: changes are made from the page or the terminal,
    /// and the lab stays up until Ctrl-C.
    /// </summary>
    public bool Manual { get; init; }

    /// <summary>Loopback port of the live page, 1 to 65535; null: 15190, or a free one when that is taken.</summary>
    public int? PagePort { get; init; }

    /// <summary>
    /// Added to every Pod and Service port where it is listened on, 0 to 50000; null: 0, or a free offset when a port
    /// is taken on this machine.
    /// </summary>
    public int? PortOffset { get; init; }

    /// <summary>Settings of kube-system/cilium-config under Cilium's own keys; they replace the scenario's.</summary>
    public ImmutableSortedDictionary<string, string> CiliumSettings { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// Number of worker nodes, 1 to 250; a backend pod runs on each. Null: as the scenario says, which is 3 where it
    /// says nothing.
    /// </summary>
    public int? Workers { get; init; }

    /// <summary>
    /// The worker (1-based) the load test runs on; null: as the scenario says, which is the last one where it says
    /// nothing.
    /// </summary>
    public int? ClientWorker { get; init; }

    /// <summary>The cluster that is shown instead of an embedded one; null: the lab makes its own.</summary>
    public ExistingCluster? Existing { get; init; }

    /// <summary>
    /// Whether the lab goes on after the run, for the dashboard and for commands: on a terminal, and where the Aspire
    /// CLI or
    /// an IDE has started it, which end it themselves. <see cref="Once"/> forbids it.
    /// </summary>
    public bool StaysUp => !Once && (Manual || !Console.IsOutputRedirected || IsStartedByTool);

    /// <summary>Set by the Aspire CLI (the first two) and by IDEs.</summary>
    private static readonly string[] s_toolVariables =
    [
        "ASPIRE_BACKCHANNEL_PATH",
        "ASPIRE_CLI_PID",
        "DEBUG_SESSION_PORT",
    ];

    private static bool IsStartedByTool =>
        s_toolVariables.Any(v => Environment.GetEnvironmentVariable(v) is { Length: > 0 });

    /// <summary>The nodes, workloads and Services this makes.</summary>
    /// <exception cref="ScenarioException">There is no such scenario, or it cannot be read.</exception>
    public ClusterTopology Topology => LoadScenario().Topology.Build(Workers, ClientWorker);

    /// <summary>The scenario with the rate and the durations of these options.</summary>
    /// <exception cref="ScenarioException">There is no such scenario, or it cannot be read.</exception>
    public CiliumDebugging.Lab.Scenarios.Scenario LoadScenario() => LoadScenario(Scenario);

    /// <summary>A scenario that can be run, by its own name.</summary>
    /// <exception cref="ScenarioException">There is no such scenario, or it cannot be read.</exception>
    internal CiliumDebugging.Lab.Scenarios.Scenario LoadScenarioNamed(string name) =>
        LoadScenario(name == LoadScenario().Name ? Scenario : name);

    private CiliumDebugging.Lab.Scenarios.Scenario LoadScenario(string name) =>
        ScenarioCatalog.Load(name).With(RatePerSecond, Baseline, Observe);

    /// <summary>What a session of the lab needs to know.</summary>
    /// <param name="host">Host and cluster in a few words.</param>
    public LabControllerOptions SessionOptions(string host)
    {
        var first = LoadScenario();
        return new LabControllerOptions(
            host,
            [.. ScenarioCatalog.Titles(first).Select(s => new ScenarioChoice(s.Name, s.Title))],
            LoadScenarioNamed,
            scenario => scenario.Settings.SetItems(CiliumSettings),
            BackendsOf
        );
    }

    /// <summary>The scenario's settings and <see cref="CiliumSettings"/> over them.</summary>
    /// <exception cref="ScenarioException">There is no such scenario, or it cannot be read.</exception>
    public ImmutableSortedDictionary<string, string> ClusterSettings =>
        LoadScenario().Settings.SetItems(CiliumSettings);

    /// <summary>
    /// <see cref="ClusterSettings"/> as the <c>cluster</c> process reads them: one <c>key=value</c> per line.
    /// </summary>
    public string CiliumConfig => ClusterEnvironment.FormatSettings(ClusterSettings);

    /// <summary>Number of Pods behind the Service of a scenario's load.</summary>
    public int BackendsOf(CiliumDebugging.Lab.Scenarios.Scenario scenario)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        return Topology
            .Workloads.Where(w => w.Name == scenario.Load.Service && w.Namespace == scenario.Load.Namespace)
            .Sum(w => w.Nodes.Length);
    }
}
