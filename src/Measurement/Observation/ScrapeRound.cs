using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.Measurement.Observation;

/// <summary>What a target counts.</summary>
public enum TargetKind
{
    /// <summary>Hubble's metrics of a node's agent.</summary>
    Hubble,

    /// <summary>A backend's own metrics.</summary>
    Backend,
}

/// <param name="Kind">What it counts.</param>
/// <param name="Name">The node of an agent, <c>namespace/pod</c> of a backend.</param>
public readonly record struct ScrapeTarget(TargetKind Kind, string Name);

/// <summary>What a counter counts.</summary>
public enum CounterKind
{
    /// <summary>Hubble: requests, every proxy pass.</summary>
    Requests,

    /// <summary>Hubble: responses by status, every proxy pass.</summary>
    Responses,

    /// <summary>Backend: requests that reached it.</summary>
    Reached,

    /// <summary>Hubble: events it lost.</summary>
    Lost,
}

/// <summary>A counter of a target.</summary>
/// <param name="Kind">What it counts.</param>
/// <param name="Client">Hubble: the client, <c>namespace/pod</c> or a reserved identity; empty otherwise.</param>
/// <param name="Pod">The backend, <c>namespace/pod</c>; empty for losses.</param>
/// <param name="Status">
/// HTTP status of responses, 0 for those without one, <see cref="HubbleHttpSample.UnknownStatus"/> where it is not
/// known; 0 otherwise.
/// </param>
/// <param name="Reporter">Hubble: <c>client</c> or <c>server</c> where the metric says so (Cilium 1.14 and later);
/// empty otherwise.</param>
public readonly record struct CounterKey(
    CounterKind Kind,
    ScrapeTarget Target,
    string Client = "",
    string Pod = "",
    int Status = 0,
    string Reporter = ""
);

/// <summary>One attempt to read a target.</summary>
/// <param name="Counters">Its cumulative counters; null when it could not be read. What is absent counts 0.</param>
/// <param name="Error">Why it could not be read; empty otherwise.</param>
/// <param name="Incarnation">Changes when the process behind the target does; empty when that is not known.</param>
public sealed record TargetScrape(
    ScrapeTarget Target,
    ImmutableDictionary<CounterKey, double>? Counters,
    string Error = "",
    string Incarnation = ""
)
{
    private const int MaxError = 300;

    /// <summary>A target that could not be read.</summary>
    /// <param name="target">The target.</param>
    /// <param name="error">Why, which may quote it.</param>
    public static TargetScrape Failed(ScrapeTarget target, string error) =>
        new(target, null, TerminalText.OneLine(error, MaxError));
}

/// <summary>All targets at one moment.</summary>
/// <param name="At">When, s since observing began.</param>
public sealed record ScrapeRound(double At, ImmutableArray<TargetScrape> Scrapes)
{
    /// <summary>What a reader must know of these counters, one sentence each.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];
}
