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
        return Outcome(verdict) + Chosen(verdict) + Error(verdict) + Known(verdict) + Needed(verdict);
    }

    private static string Outcome(Verdict verdict) =>
        verdict.Kind switch
        {
            VerdictKind.Even => $"even within ±{Percent(verdict.Tolerance)}",
            VerdictKind.Skewed when verdict is { Busiest: { } busiest, Starved: { } starved } =>
                $"skewed beyond ±{Percent(verdict.Tolerance)}: busiest {busiest}, starved {starved}",
            VerdictKind.Skewed => $"skewed beyond ±{Percent(verdict.Tolerance)}",
            _ => "undecided",
        };

    private static string Chosen(Verdict verdict)
    {
        var (cases, all) = (verdict.Cases, verdict.Shares.Length);
        if (cases.HasFlag(SpecialCases.OneBackend) && verdict.Kind is VerdictKind.Even && all > 1)
            return $": only {verdict.Shares.First(s => s.Expected > 0).Backend} is to be chosen";
        var withoutWeight = cases.HasFlag(SpecialCases.ZeroWeight) && !cases.HasFlag(SpecialCases.NoBackend);
        return withoutWeight && verdict.Kind is not VerdictKind.Skewed
            ? $", {verdict.Shares.Count(s => s.Expected == 0)} of {all} backends are not to be chosen"
            : "";
    }

    private static string Error(Verdict verdict)
    {
        if (verdict.ErrorProbability is { } alpha)
            return $" ({(verdict.ScrapeIntervals > 0 ? "asymptotic " : "")}error probability {alpha:0.##E+0})";
        return verdict.Cases.HasFlag(SpecialCases.NoBackend)
            ? " (no error bound: no backend is expected)"
            : " (no error bound: client ports or connections are unknown)";
    }

    private static string Known(Verdict verdict)
    {
        var seen = verdict.ScrapeIntervals is > 0 and var intervals
            ? $"{verdict.Connections:N0} requests in {intervals:N0} scrape intervals"
            : $"{verdict.Connections:N0} connections";
        var shares = double.IsFinite(verdict.HalfWidth)
            ? $"; {seen}, shares known to ±{Percent(verdict.HalfWidth)} of the expected share"
            : "";
        return verdict.Unattributed > 0 ? $"{shares}; {verdict.Unattributed:N0} of unknown backend" : shares;
    }

    private static string Needed(Verdict verdict)
    {
        if (verdict.Kind is not VerdictKind.Undecided)
            return "";
        return verdict.FurtherConnections is { } further
            ? $"; about {further:N0} further {(verdict.ScrapeIntervals > 0 ? "requests" : "connections")} to a decision"
            : "; no decision in sight at these shares";
    }

    private static string Percent(double fraction) => $"{fraction * 100:0.#} %";
}
