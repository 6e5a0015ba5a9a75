using static System.FormattableString;

namespace CiliumDebugging.Statistics;

/// <summary>A verdict in one line, the same wherever it is printed.</summary>
public static class VerdictText
{
    private static readonly double[] s_steps = [1, 2, 5, 10];

    /// <summary>A forecast beyond this is not a time that anyone waits.</summary>
    private static readonly TimeSpan s_horizon = TimeSpan.FromHours(1);

    /// <summary>A longer wait is not given as a number of hours.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(30);

    /// <summary>Outcome, error probability, what is known of the shares and how long a decision still takes.</summary>
    /// <param name="perSecond">Observations per second from now on; null: the forecast is a number of observations.
    /// </param>
    /// <param name="givesRate">
    /// Whether <c>--rate</c> is that of the observations. The load behind scraped counts is not controlled here.
    /// </param>
    public static string Describe(Verdict verdict, double? perSecond = null, bool givesRate = true)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        if (verdict.Withheld is { } reason)
            return $"undecided: {reason}";
        return Outcome(verdict)
            + Chosen(verdict)
            + Error(verdict)
            + Known(verdict)
            + Needed(verdict, perSecond, givesRate);
    }

    /// <summary>How long a decision still takes, in steps that stay while the estimate moves a little.</summary>
    /// <param name="further">Observations that it still takes; null: not in sight at these shares.</param>
    /// <param name="perSecond">Observations per second.</param>
    /// <param name="longWait">What to do when it takes more than an hour; null: to raise the rate.</param>
    public static string Forecast(long? further, double perSecond, string? longWait = null)
    {
        if (further is not { } observations || perSecond <= 0)
            return "no decision in sight at these shares";
        var seconds = observations / perSecond;
        if (seconds <= s_horizon.TotalSeconds)
            return $"about {Rounded(seconds)} more at {Rate(perSecond)}/s to decide";
        var faster = RoundRate(observations / s_horizon.TotalSeconds);
        const double MaxRate = 100_000;
        return faster > MaxRate
            ? "no decision in sight at these shares"
            : $"a decision is not in sight at {Rate(perSecond)}/s; "
                + (longWait ?? Invariant($"try --rate {faster:0}"));
    }

    /// <summary>What to do about a long wait where the rate is not to be raised.</summary>
    private static string LongWait(Verdict verdict, long further, double perSecond)
    {
        static string Hours(double seconds) => Invariant($"{Math.Ceiling(seconds / 3600):0}h");
        if (further / perSecond > s_longest.TotalSeconds)
            return "it needs more than 30 days";
        return verdict.ScrapeIntervals > 0
            ? $"look longer: --for {Hours((verdict.Connections + further) / perSecond)}"
            : $"it needs about {Hours(further / perSecond)} more";
    }

    private static string Rate(double perSecond) =>
        perSecond < 10 ? Invariant($"{perSecond:0.###}") : Invariant($"{perSecond:0}");

    private static string Rounded(double seconds)
    {
        static double Up(double value, double step) => Math.Ceiling(value / step) * step;
        return seconds switch
        {
            <= 50 => Invariant($"{Up(Math.Max(seconds, 1), 10):0} s"),
            <= 10 * 60 => Invariant($"{Up(seconds / 60, 1):0} min"),
            <= 55 * 60 => Invariant($"{Up(seconds / 60, 5):0} min"),
            _ => "1 h",
        };
    }

    /// <summary>1, 2 or 5 times a power of ten, at least <paramref name="rate"/>.</summary>
    private static double RoundRate(double rate)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(rate, 1))));
        return s_steps.Select(step => step * power).First(step => step >= rate);
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
                SelectionUnit.RepeatedChoice =>
                    "no error bound: a kept connection or recurring port repeats its choice",
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
            || verdict.Unit
                is SelectionUnit.HubbleRequest
                    or SelectionUnit.ClientWithAffinity
                    or SelectionUnit.RepeatedChoice
            ? "requests"
            : "connections";
    }

    private static string Outcome(Verdict verdict) =>
        verdict.Kind switch
        {
            VerdictKind.Even => $"even within ±{Percent(verdict.Tolerance)}",
            VerdictKind.Skewed => $"skewed beyond ±{Percent(verdict.Tolerance)}{Extremes(verdict)}",
            _ when verdict.Connections == 0 || verdict.Cases.HasFlag(SpecialCases.NoBackend) => "undecided",
            _ => "undecided, no skew found yet",
        };

    private static string Extremes(Verdict verdict)
    {
        var starved = verdict.Starved;
        var named = starved.Length <= 4 ? starved : starved[..3];
        var more = starved.Length > named.Length ? $" and {starved.Length - named.Length} more" : "";
        string[] parts =
        [
            .. verdict.Busiest is { } busiest ? [$"busiest {busiest}"] : (string[])[],
            .. verdict.AboveItsShare is { } above ? [$"more than its share {above}"] : (string[])[],
            .. starved.IsEmpty ? (string[])[] : [$"starved {string.Join(", ", named)}{more}"],
        ];
        return parts.Length == 0 ? "" : $": {string.Join("; ", parts)}";
    }

    private static string Chosen(Verdict verdict)
    {
        var (cases, all) = (verdict.Cases, verdict.Shares.Length);
        if (all == 1 && cases.HasFlag(SpecialCases.OneBackend) && verdict.Kind is VerdictKind.Even)
            return ": there is only one backend, so nothing can be skewed";
        if (!cases.HasFlag(SpecialCases.ZeroWeight) || cases.HasFlag(SpecialCases.NoBackend))
            return "";
        var none = verdict.Shares.Where(s => s.Expected == 0).ToList();
        var only = cases.HasFlag(SpecialCases.OneBackend) && verdict.Kind is VerdictKind.Even;
        var rule = only
            ? $": only {verdict.Shares.First(s => s.Expected > 0).Backend} is to be chosen"
            : $", {none.Count} of {all} backends {(none.Count == 1 ? "is" : "are")} not to be chosen";
        // Names may be before it, of which it is none.
        if (verdict.Kind is VerdictKind.Skewed)
            rule = (Extremes(verdict).Length > 0 ? "; " : ": ") + rule[2..];
        var which =
            only ? "the others"
            : none.Count == 1 ? "it"
            : $"those {none.Count}";
        var strays = none.Sum(s => s.Count);
        return strays > 0 ? $"{rule} ({strays:N0} of {verdict.Connections:N0} {Noun(verdict)} went to {which})"
            : verdict.Kind is VerdictKind.Skewed ? ""
            : rule;
    }

    private static string Error(Verdict verdict)
    {
        if (NoErrorBound(verdict) is { } reason)
            return verdict.Connections == 0 ? "" : $" ({reason})";
        if (verdict.Kind is VerdictKind.Undecided)
            return "";
        var asymptotic = verdict.ScrapeIntervals > 0 ? "asymptotic " : "";
        return Invariant($" ({asymptotic}error probability {verdict.ErrorProbability:0.##E+0})");
    }

    private static string Known(Verdict verdict)
    {
        var seen = Invariant($"{verdict.Connections:N0} {Noun(verdict)}");
        if (verdict.ScrapeIntervals is > 0 and var intervals)
            seen += Invariant($" in {intervals:N0} scrape intervals");
        var shares =
            verdict.Connections == 0 ? "; no evidence yet"
            : verdict.Cases.HasFlag(SpecialCases.NoBackend) ? ""
            : verdict.ErrorProbability is null ? $"; {seen}"
            : verdict.HalfWidth < 1 ? $"; {seen}, shares known to ±{Percent(verdict.HalfWidth)} of the expected share"
            : $"; {seen}, too few to know the shares";
        return verdict.Unattributed > 0 ? Invariant($"{shares}; {verdict.Unattributed:N0} of unknown backend") : shares;
    }

    private static string Needed(Verdict verdict, double? perSecond, bool givesRate)
    {
        // Without an error bound nothing is decided by more of the same, and without evidence nothing is known.
        if (verdict.Connections == 0 || verdict.Kind is not VerdictKind.Undecided || verdict.ErrorProbability is null)
            return "";
        if (perSecond is { } rate && rate > 0)
            return "; "
                + Forecast(
                    verdict.FurtherConnections,
                    rate,
                    givesRate && verdict.ScrapeIntervals == 0
                        ? null
                        : LongWait(verdict, verdict.FurtherConnections ?? 0, rate)
                );
        return verdict.FurtherConnections is { } further
            ? Invariant($"; about {further:N0} more {Noun(verdict)} to decide")
            : "; no decision in sight at these shares";
    }

    private static string Percent(double fraction) => Invariant($"{fraction * 100:0.#} %");
}
