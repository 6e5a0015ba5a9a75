using System.Collections.Immutable;

namespace CiliumDebugging.Statistics;

/// <summary>A moment at which skew may have begun.</summary>
/// <param name="Connection">Number of observations before it, since the start of the run.</param>
/// <param name="At">Start of the first observation after it, since the start of the run; null when none
/// followed.</param>
/// <param name="Event">The recorded event that put it on the list; null for the start of a block of
/// connections.</param>
/// <param name="LogEvidence">ln v·E: its weight times the skew e-value of everything since.</param>
public sealed record OnsetCandidate(long Connection, TimeSpan? At, RecordedEvent? Event, double LogEvidence);

/// <summary>When skew began, as seen at the alarm.</summary>
/// <param name="Best">The candidate with the greatest evidence.</param>
/// <param name="Support">All candidates whose evidence is at least a twentieth of the best, in order. It is not a
/// confidence interval.</param>
/// <param name="Expected">The shares that were expected then.</param>
/// <param name="Since">Observations from the best candidate to the alarm.</param>
public sealed record Onset(
    OnsetCandidate Best,
    ImmutableArray<OnsetCandidate> Support,
    ExpectedShares Expected,
    BackendCounts Since
)
{
    /// <summary>Candidates with at least this fraction of the best evidence are the support.</summary>
    public const double SupportFraction = 1.0 / 20;

    /// <summary>Every recorded event in the support; empty means that skew began with no recorded event.</summary>
    public ImmutableArray<RecordedEvent> Events => [.. Support.Where(c => c.Event is not null).Select(c => c.Event!)];

    /// <summary>The recorded events in the support, or "no recorded event".</summary>
    public string DescribeEvents() =>
        Events is { IsEmpty: false } events ? string.Join(", ", events.Select(e => e.Name)) : "no recorded event";

    /// <summary>argmax v·E and everything within a twentieth of it, of candidates in the order of their connections (at
    /// least one).</summary>
    internal static ImmutableArray<OnsetCandidate> SupportOf(ImmutableArray<OnsetCandidate> candidates, out int best)
    {
        var most = candidates.Max(c => c.LogEvidence);
        best = candidates.IndexOf(candidates.First(c => c.LogEvidence == most));
        return [.. candidates.Where(c => c.LogEvidence >= most + Math.Log(SupportFraction))];
    }
}
