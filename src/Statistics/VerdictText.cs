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

    /// <summary>Why no error bound can be given; null when one is.</summary>
    public static string? NoErrorBound(Verdict verdict)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        return verdict.ErrorProbability is not null ? null
            : verdict.Cases.HasFlag(SpecialCases.NoBackend)
                ? "no error bound: the Service has no backend for this client"
            : verdict.Unit switch
            {
                SelectionUnit.HubbleRequest => "no error bound: Hubble does not report client ports",
                SelectionUnit.ClientWithAffinity => "no error bound: session affinity repeats a client's choice",
                _ => "no error bound: client ports are unknown",
            };
    }

    /// <summary>What a verdict counts: connections or requests.</summary>
    public static string Noun(Verdict verdict)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        return
            verdict.ScrapeIntervals > 0
            || verdict.Unit is SelectionUnit.HubbleRequest or SelectionUnit.ClientWithAffinity
            ? "requests"
            : "connections";
    }

    private static string Outcome(Verdict verdict) =>
        verdict.Kind switch
        {
            VerdictKind.Even => $"even within ±{Percent(verdict.Tolerance)}",
            VerdictKind.Skewed => $"skewed beyond ±{Percent(verdict.Tolerance)}{Extremes(verdict)}",
            _ => "undecided",
        };

    private static string Extremes(Verdict verdict)
    {
        var starved = verdict.Starved;
        var named = starved.Length <= 4 ? starved : starved[..3];
        var more = starved.Length > named.Length ? $" and {starved.Length - named.Length} more" : "";
        string[] parts =
        [
            .. verdict.Busiest is { } busiest ? [$"busiest {busiest}"] : (string[])[],
            .. starved.IsEmpty ? (string[])[] : [$"starved {string.Join(", ", named)}{more}"],
        ];
        return parts.Length == 0 ? "" : $": {string.Join("; ", parts)}";
    }

    private static string Chosen(Verdict verdict)
    {
        var (cases, all) = (verdict.Cases, verdict.Shares.Length);
        if (!cases.HasFlag(SpecialCases.ZeroWeight) || cases.HasFlag(SpecialCases.NoBackend))
            return "";
        var none = verdict.Shares.Where(s => s.Expected == 0).ToList();
        var rule =
            cases.HasFlag(SpecialCases.OneBackend) && verdict.Kind is VerdictKind.Even
                ? $": only {verdict.Shares.First(s => s.Expected > 0).Backend} is to be chosen"
                : $", {none.Count} of {all} backends are not to be chosen";
        var strays = none.Sum(s => s.Count);
        return strays > 0 ? $"{rule} ({strays:N0} of {verdict.Connections:N0} {Noun(verdict)} were sent to others)"
            : verdict.Kind is VerdictKind.Skewed ? ""
            : rule;
    }

    private static string Error(Verdict verdict) =>
        verdict.ErrorProbability is { } alpha
            ? $" ({(verdict.ScrapeIntervals > 0 ? "asymptotic " : "")}error probability {alpha:0.##E+0})"
            : $" ({NoErrorBound(verdict)})";

    private static string Known(Verdict verdict)
    {
        var seen = verdict.ScrapeIntervals is > 0 and var intervals
            ? $"{verdict.Connections:N0} requests in {intervals:N0} scrape intervals"
            : $"{verdict.Connections:N0} {Noun(verdict)}";
        var shares = double.IsFinite(verdict.HalfWidth)
            ? $"; {seen}, shares known to ±{Percent(verdict.HalfWidth)} of the expected share"
            : "";
        return verdict.Unattributed > 0 ? $"{shares}; {verdict.Unattributed:N0} of unknown backend" : shares;
    }

    private static string Needed(Verdict verdict)
    {
        if (verdict.Kind is not VerdictKind.Undecided || verdict.Cases.HasFlag(SpecialCases.NoBackend))
            return "";
        return verdict.FurtherConnections is { } further
            ? $"; about {further:N0} further {Noun(verdict)} to a decision"
            : "; no decision in sight at these shares";
    }

    private static string Percent(double fraction) => $"{fraction * 100:0.#} %";
}
