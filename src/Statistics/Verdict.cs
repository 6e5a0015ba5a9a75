using System.Collections.Immutable;

namespace CiliumDebugging.Statistics;

/// <summary>The three outcomes.</summary>
public enum VerdictKind
{
    /// <summary>Neither "skewed" nor "even" has enough evidence yet.</summary>
    Undecided,

    /// <summary>Every share is within the tolerance of the expected one.</summary>
    Even,

    /// <summary>At least one share is outside the tolerance.</summary>
    Skewed,
}

/// <summary>Situations in which the test means something special. They are outcomes, not errors.</summary>
[Flags]
public enum SpecialCases
{
    /// <summary>Nothing special.</summary>
    None = 0,

    /// <summary>Only one backend is expected: nothing can be uneven among expected backends.</summary>
    OneBackend = 1,

    /// <summary>No backend is expected: there is nothing to compare with.</summary>
    NoBackend = 2,

    /// <summary>Some backend is expected to receive nothing.</summary>
    ZeroWeight = 4,

    /// <summary>A backend that should receive nothing was selected. It is skew when it gets more than the tolerance of
    /// a fair share.</summary>
    SelectedWithoutWeight = 8,

    /// <summary>Some expected share plus tolerance reaches 1: that backend can receive too little but never too
    /// much.</summary>
    ToleranceReachesOne = 16,

    /// <summary>Some observations have no known backend; they count against either conclusion.</summary>
    Unattributed = 32,
}

/// <summary>What the observations are. Only fresh selections are independent choices; for all others there is no error
/// bound.</summary>
public enum SelectionUnit
{
    /// <summary>Connections that are fresh selections, see <see cref="FreshSelections"/>: error probabilities
    /// hold.</summary>
    FreshSelection,

    /// <summary>Connections whose client port is unknown: a repeated old choice looks like a new one.</summary>
    UnknownPort,

    /// <summary>Requests as Hubble counts them: it reports neither client ports nor connections.</summary>
    HubbleRequest,

    /// <summary>Requests of clients that session affinity keeps on one backend.</summary>
    ClientWithAffinity,

    /// <summary>Requests on kept connections or recurring client ports, each of which repeats its choice.</summary>
    RepeatedChoice,
}

/// <summary>One backend's part in a verdict.</summary>
/// <param name="Expected">Expected share, 0 to 1.</param>
/// <param name="Count">Observations that fell to it.</param>
/// <param name="Share">Observed share with its simultaneous interval.</param>
public sealed record BackendShare(string Backend, double Expected, long Count, ShareInterval Share)
{
    /// <summary>Observed over expected share: 1 is as expected, +∞ a selection where none is expected.</summary>
    public double Load =>
        Expected > 0 ? Share.Estimate / Expected
        : Count > 0 ? double.PositiveInfinity
        : 1;
}

/// <summary>Even, skewed or undecided, with everything needed to print it.</summary>
public sealed record Verdict
{
    public required VerdictKind Kind { get; init; }

    /// <summary>Special situations that a reader must know of.</summary>
    public required SpecialCases Cases { get; init; }

    /// <summary>What the observations are.</summary>
    public required SelectionUnit Unit { get; init; }

    /// <summary>Probability that a decision like this is wrong, at whatever moment it is looked at (Ville); null where
    /// none can be given.</summary>
    public required double? ErrorProbability { get; init; }

    /// <summary>The tolerance τ as a fraction of the expected share.</summary>
    public required double Tolerance { get; init; }

    /// <summary>ln e-value against "all shares are within the tolerance"; "skewed" from ln(1/α) on.</summary>
    public required double LogEvidenceSkewed { get; init; }

    /// <summary>ln e-value against "some share is outside the tolerance"; "even" from ln(1/α) on.</summary>
    public required double LogEvidenceEven { get; init; }

    /// <summary>Observations evaluated, including unattributed ones.</summary>
    public required long Connections { get; init; }

    /// <summary>Observations whose backend is unknown, ≥ 0.</summary>
    public required long Unattributed { get; init; }

    /// <summary>Every backend, in the order of the expected shares.</summary>
    public required ImmutableArray<BackendShare> Shares { get; init; }

    /// <summary>
    /// The backend that gets most of all, and more than the tolerance allows; null when the one that exceeds its
    /// expected share most is another, or is not to be chosen at all.
    /// </summary>
    public string? Busiest => Exceeding is { Expected: > 0 } most && most.Count == Most ? most.Backend : null;

    /// <summary>
    /// The backend that gets more than the tolerance allows although another one gets more; null when the one that
    /// exceeds its expected share most is the busiest, or is not to be chosen at all.
    /// </summary>
    public string? AboveItsShare => Exceeding is { Expected: > 0 } most && most.Count < Most ? most.Backend : null;

    private long Most => Shares.Max(s => s.Count);

    /// <summary>
    /// The backend that gets most in excess of its expected share, and more than the tolerance allows; null when none
    /// does.
    /// </summary>
    private BackendShare? Exceeding
    {
        get
        {
            var expected = ExpectedShares.Weighted(
                [.. Shares.Select(s => s.Backend)],
                [.. Shares.Select(s => s.Expected)]
            );
            return Shares
                .Where((s, i) => s.Count > Connections * expected.Highest(i, Tolerance))
                .MaxBy(s => s.Count - s.Expected * Connections);
        }
    }

    /// <summary>The backends that get less than the tolerance allows, whatever the unattributed observations did; the
    /// worst first.</summary>
    public ImmutableArray<string> Starved =>
        [
            .. Shares
                .Where(s => s.Count + Unattributed < Connections * s.Expected * (1 - Tolerance))
                .OrderBy(s => s.Load)
                .Select(s => s.Backend),
        ];

    /// <summary>All shares are known to ± this fraction of the expected share (the widest interval's half-width); +∞
    /// without data.</summary>
    public required double HalfWidth { get; init; }

    /// <summary>Expected number of further connections to a decision if the shares stay as observed. 0 when decided;
    /// null when no decision is in sight (a share on the edge of the tolerance, too many unattributed
    /// requests).</summary>
    public required long? FurtherConnections { get; init; }

    /// <summary>Scrape intervals that the counts come from; 0 where single connections were observed. With it the error
    /// probability and all intervals are asymptotic (<see cref="AsymptoticShares"/>).</summary>
    public long ScrapeIntervals { get; init; }

    /// <summary>Why no verdict is given although there are counts (a failed quality gate); null otherwise.</summary>
    public string? Withheld { get; init; }

    /// <summary>The same counts without a conclusion; unchanged without a reason.</summary>
    /// <param name="reason">Why none is drawn; null: it is.</param>
    public Verdict Withhold(string? reason) =>
        reason is null
            ? this
            : this with
            {
                Kind = VerdictKind.Undecided,
                ErrorProbability = null,
                FurtherConnections = null,
                Withheld = reason,
            };
}
