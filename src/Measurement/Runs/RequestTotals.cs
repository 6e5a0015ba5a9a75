using System.Collections.Immutable;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.Measurement.Runs;

/// <summary>The requests of a whole run, phases and the time between them together.</summary>
/// <param name="Requests">Requests sent.</param>
/// <param name="NotSent">Requests that were due and not sent, because too many were in flight.</param>
/// <param name="Ok">Successes (<see cref="ResponseStatus.IsSuccess"/>).</param>
public sealed record RequestTotals(long Requests, long NotSent, long Ok)
{
    /// <summary>Everything that is not a success, unanswered requests included.</summary>
    public long Failures => Requests - Ok;

    /// <summary>Requests that were due, sent or not.</summary>
    public long Intended => Requests + NotSent;

    /// <summary>The sum over phases.</summary>
    public static RequestTotals Of(ImmutableArray<PhaseReport> phases) =>
        new(phases.Sum(p => p.Requests), phases.Sum(p => p.NotSent), phases.Sum(p => p.Ok));
}
