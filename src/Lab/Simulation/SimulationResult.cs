using System.Collections.Immutable;

namespace CiliumDebugging.Lab.Simulation;

/// <summary>How a simulated request ended.</summary>
public enum SimulatedOutcome
{
    /// <summary>A backend answered it.</summary>
    Ok,

    /// <summary>The proxy of the client's node answered 503: its own connection failed.</summary>
    ServiceUnavailable,

    /// <summary>A proxy answered 403: no HTTP rule allows the request.</summary>
    Forbidden,

    /// <summary>Policy dropped the connection.</summary>
    Dropped,

    /// <summary>The Service has no backend, or no Pod has the address.</summary>
    Reset,
}

/// <summary>A simulated backend Pod.</summary>
public sealed record SimulatedPod(string Name, string Node);

/// <summary>What happened in a part of a phase, or in the gap before a replaced Pod is ready.</summary>
/// <param name="Phase">Name of the phase; <c>gap</c> between a Pod and its replacement.</param>
/// <param name="From">Begin, s of virtual time.</param>
/// <param name="To">End, s of virtual time.</param>
/// <param name="Connections">Connections made.</param>
/// <param name="Selected">
/// Connections by the Pod that was selected, in the order of <see cref="SimulationResult.Pods"/>; Pods that were
/// created later are missing at the end.
/// </param>
/// <param name="Ok">Those that a Pod answered.</param>
/// <param name="Predicted">
/// Predicted share of the selections of each Pod; null where there is no formula for these settings.
/// </param>
public sealed record SimulationSample(
    string Phase,
    double From,
    double To,
    long Connections,
    ImmutableArray<long> Selected,
    ImmutableArray<long> Ok,
    ImmutableArray<double>? Predicted
);

/// <summary>A Pod that was replaced.</summary>
/// <param name="Deleted">Position of the deleted Pod in <see cref="SimulationResult.Pods"/>.</param>
/// <param name="Added">Position of its replacement.</param>
/// <param name="GoneAt">When it was deleted, s of virtual time.</param>
/// <param name="ReadyAt">When its replacement was ready, s of virtual time.</param>
/// <param name="PortsUsed">p: the part of all clients' ports that had been used by then, 0 to 1.</param>
/// <param name="GapConnections">rG: connections in the gap, all clients.</param>
/// <param name="Ports">M of all clients together.</param>
/// <param name="Backends">N: the Pods that were ready before.</param>
/// <param name="IsStale">Whether the formula of stale conntrack holds since then: conntrack entries outlive the
/// simulation, and no other Pod was replaced before.</param>
public sealed record SimulatedReplacement(
    int Deleted,
    int Added,
    double GoneAt,
    double ReadyAt,
    double PortsUsed,
    long GapConnections,
    int Ports,
    int Backends,
    bool IsStale
);

/// <summary>How far a simulation is.</summary>
/// <param name="Seconds">Virtual time that has passed, s.</param>
/// <param name="OfSeconds">All of it, s.</param>
/// <param name="Connections">Connections so far.</param>
public readonly record struct SimulationProgress(double Seconds, double OfSeconds, long Connections);

/// <summary>A complete simulation.</summary>
/// <param name="Scenario">Name of the scenario.</param>
/// <param name="Seed">Random seed.</param>
/// <param name="RatePerSecond">Connections per second of virtual time.</param>
/// <param name="Pods">All Pods there have been, in the order of their creation.</param>
/// <param name="Connections">All connections.</param>
/// <param name="Outcomes">How they ended.</param>
/// <param name="Samples">What happened, in order.</param>
/// <param name="Replacements">Pods that were replaced.</param>
public sealed record SimulationResult(
    string Scenario,
    int Seed,
    double RatePerSecond,
    ImmutableArray<SimulatedPod> Pods,
    long Connections,
    ImmutableSortedDictionary<SimulatedOutcome, long> Outcomes,
    ImmutableArray<SimulationSample> Samples,
    ImmutableArray<SimulatedReplacement> Replacements
)
{
    /// <summary>What a reader must know first: that it is a model, and of which release.</summary>
    public required string Notice { get; init; }

    /// <summary>What the scenario's policies mean that their text does not say, one line each.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];
}
