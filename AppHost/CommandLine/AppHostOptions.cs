using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Reports.Formats;

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

    /// <summary>Requested number of worker nodes; null: the scenario's.</summary>
    public int? Workers { get; init; }

    /// <summary>Requested worker of the load test, from 1; null: the scenario's.</summary>
    public int? ClientWorker { get; init; }

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
        )
        {
            Command = Command,
        };

    /// <summary>The command that repeats the run of a scenario with what the command line says.</summary>
    public string Command(string scenario)
    {
        (string Option, string? Value)[] values =
        [
            ("--scenario", scenario == Scenario.Name ? ScenarioReference : scenario),
            ("--rate", RatePerSecond?.ToString(CultureInfo.InvariantCulture)),
            ("--baseline", Time(Baseline)),
            ("--observe", Time(Observe)),
            ("--workers", Workers?.ToString(CultureInfo.InvariantCulture)),
            ("--client-worker", ClientWorker?.ToString(CultureInfo.InvariantCulture)),
            .. CiliumSettings.Select(s => ("--set", (string?)$"{s.Key}={s.Value}")),
            ("--context", Existing?.Context),
            ("--kubeconfig", Existing?.Kubeconfig),
        ];
        var words = values.Where(v => v.Value is not null).Select(v => $" {v.Option} {ShellWord.Of(v.Value!)}");
        var mode = Manual ? "--manual" : "--once";
        return $"dotnet run --project AppHost -- {mode}{string.Concat(words)}";

        static string? Time(TimeSpan? length) =>
            length is { TotalMilliseconds: var ms } ? string.Create(CultureInfo.InvariantCulture, $"{ms:0}ms") : null;
    }

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
