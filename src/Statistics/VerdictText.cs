using System.Globalization;
using System.Text;

namespace CiliumDebugging.Statistics;

/// <summary>A verdict in one line, the same wherever it is printed.</summary>
public static class VerdictText
{
    /// <summary>Outcome, error probability, what is known of the shares and what a decision still needs.</summary>
    public static string Describe(Verdict verdict)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        if (verdict.Withheld is { } reason)
            return $"undecided: {reason}";
        var text = new StringBuilder(
            verdict.Kind switch
            {
                VerdictKind.Even => $"even within ±{Percent(verdict.Tolerance)}",
                VerdictKind.Skewed => $"skewed beyond ±{Percent(verdict.Tolerance)}",
                _ => "undecided",
            }
        );
        if (verdict is { Kind: VerdictKind.Skewed, Busiest: { } busiest, Starved: { } starved })
            text.Append(Invariant($": busiest {busiest}, starved {starved}"));
        if (verdict.Cases.HasFlag(SpecialCases.OneBackend) && verdict is { Kind: VerdictKind.Even, Shares.Length: > 1 })
            text.Append(Invariant($": only {verdict.Shares.First(s => s.Expected > 0).Backend} is to be chosen"));
        else if (
            verdict.Cases.HasFlag(SpecialCases.ZeroWeight)
            && verdict.Kind is not VerdictKind.Skewed
            && !verdict.Cases.HasFlag(SpecialCases.NoBackend)
        )
            text.Append(
                Invariant(
                    $", {verdict.Shares.Count(s => s.Expected == 0)} of {verdict.Shares.Length} backends are not to be chosen"
                )
            );
        var scraped = verdict.ScrapeIntervals > 0;
        text.Append(
            verdict.ErrorProbability is { } alpha
                ? Invariant($" ({(scraped ? "asymptotic " : "")}error probability {alpha:0.##E+0})")
            : verdict.Cases.HasFlag(SpecialCases.NoBackend) ? " (no backend is expected: no error probability)"
            : " (ports or connections unknown: no error probability)"
        );
        if (double.IsFinite(verdict.HalfWidth))
            text.Append(
                Invariant(
                    $"; {verdict.Connections:N0} {(scraped ? Invariant($"requests in {verdict.ScrapeIntervals:N0} scrape intervals") : "connections")}, shares known to ±{Percent(verdict.HalfWidth)} of the expected share"
                )
            );
        if (verdict.Unattributed > 0)
            text.Append(Invariant($"; {verdict.Unattributed:N0} of unknown backend"));
        if (verdict.Kind == VerdictKind.Undecided)
            text.Append(
                verdict.FurtherConnections is { } further
                    ? Invariant($"; about {further:N0} further {(scraped ? "requests" : "connections")} to a decision")
                    : "; no decision in sight at these shares"
            );
        return text.ToString();
    }

    private static string Percent(double fraction) => Invariant($"{fraction * 100:0.#} %");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
