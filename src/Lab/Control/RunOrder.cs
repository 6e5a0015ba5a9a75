using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Lab.Control;

/// <summary>A run that was requested.</summary>
/// <param name="Scenario">The scenario.</param>
/// <param name="Manual">Whether only its load runs and the operator makes the changes.</param>
public sealed record RunOrder(Scenario Scenario, bool Manual);

/// <summary>What a <see cref="LabController"/> needs to know of its host.</summary>
/// <param name="Scenarios">What can be run.</param>
/// <param name="Load">
/// Reads a scenario, with the requested rate and durations; throws <see cref="ScenarioException"/>.
/// </param>
/// <param name="Settings">Data of kube-system/cilium-config for a scenario.</param>
/// <param name="Backends">Number of Pods behind the Service of a scenario.</param>
/// <param name="Artifacts">Folder of the reports.</param>
public sealed record LabControllerOptions(
    ImmutableArray<ScenarioChoice> Scenarios,
    Func<string, Scenario> Load,
    Func<Scenario, ImmutableSortedDictionary<string, string>> Settings,
    Func<Scenario, int> Backends,
    string Artifacts = RunFiles.Artifacts
)
{
    /// <summary>
    /// Runs an order in the host's own way, which leaves the cluster unchanged. Null: the scenario's steps are run, and
    /// the cluster is reset before the next run.
    /// </summary>
    public Func<RunOrder, IRunListener, RunController, CancellationToken, Task<RunReport>>? Run { get; init; }

    /// <summary>The command that repeats the run of a scenario, by its name; null when unknown.</summary>
    public Func<string, string>? Command { get; init; }
}
