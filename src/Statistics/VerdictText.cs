using System.Globalization;

namespace CiliumDebugging.Statistics;

/// <summary>A verdict in one line, the same wherever it is printed.</summary>
public static class VerdictText
{
    private static readonly double[] s_steps = [1, 2, 5, 10];

    /// <summary>A forecast beyond this is not a time that anyone waits.</summary>
    private static readonly TimeSpan s_horizon = TimeSpan.FromHours(1);

    /// <summary>Outcome, error probability, what is known of the shares and how long a decision still takes.</summary>
    /// <param name="perSecond">Observations per second from now on; null: the forecast is a number of observations.
    /// </param>
    public static string Describe(Verdict verdict, double? perSecond = null)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        if (verdict.Withheld is { } reason)
            return $"undecided: {reason}";
        return Outcome(verdict) + Chosen(verdict) + Error(verdict) + Known(verdict) + Needed(verdict, perSecond);
    }

    /// <summary>How long a decision still takes, in steps that stay while the estimate moves a little.</summary>
    /// <param name="further">Observations that it still takes; null: not in sight at these shares.</param>
    /// <param name="perSecond">Observations per second.</param>
    public static string Forecast(long? further, double perSecond)
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
            : F($"a decision is not in sight at {Rate(perSecond)}/s; try --rate {faster:0}");
    }

    private static string Rate(double perSecond) => perSecond < 10 ? F($"{perSecond:0.###}") : F($"{perSecond:0}");

    private static string Rounded(double seconds)
    {
        static double Up(double value, double step) => Math.Ceiling(value / step) * step;
        return seconds switch
        {
            <= 50 => F($"{Up(Math.Max(seconds, 1), 10):0} s"),
            <= 10 * 60 => F($"{Up(seconds / 60, 1):0} min"),
            <= 55 * 60 => F($"{Up(seconds / 60, 5):0} min"),
            _ => "1 h",
        };
    }

    /// <summary>1, 2 or 5 times a power of ten, at least <paramref name="rate"/>.</summary>
    private static double RoundRate(double rate)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(rate, 1))));
        return s_steps.Select(step => step * power).First(step => step >= rate);
    }

    private static string Outcome(Verdict verdict) =>
        verdict.Kind switch
        {
            VerdictKind.Even => $"even within ±{Percent(verdict.Tolerance)}",
            VerdictKind.Skewed when verdict is { Busiest: { } busiest, Starved: { } starved } =>
                $"skewed beyond ±{Percent(verdict.Tolerance)}: busiest {busiest}, starved {Starved(verdict, starved)}",
            VerdictKind.Skewed => $"skewed beyond ±{Percent(verdict.Tolerance)}",
            _ => "undecided, no skew found yet",
        };

    /// <summary>Every backend that surely has less than the tolerance allows; at least the one with the least.</summary>
    private static string Starved(Verdict verdict, string least)
    {
        const int MaxNames = 4;
        List<string> names =
        [
            .. verdict
                .Shares.Where(s => s.Expected > 0)
                .Where(s => s.Backend == least || s.Share.Upper < s.Expected * (1 - verdict.Tolerance))
                .Select(s => s.Backend),
        ];
        return names.Count <= MaxNames
            ? string.Join(", ", names)
            : $"{string.Join(", ", names.Take(MaxNames - 1))} and {names.Count - MaxNames + 1} more";
    }

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
        if (verdict.Cases.HasFlag(SpecialCases.NoBackend))
            return " (no error bound: no backend is expected)";
        if (verdict.ErrorProbability is not { } alpha)
            return verdict.Connections == 0 ? "" : " (no error bound: the choices are not known to be independent)";
        if (verdict.Kind is VerdictKind.Undecided)
            return "";
        var asymptotic = verdict.ScrapeIntervals > 0 ? "asymptotic " : "";
        return $" ({asymptotic}error probability {alpha.ToString("0.##E+0", CultureInfo.InvariantCulture)})";
    }

    /// <summary>What was counted. Single connections are known only where there is an error bound for them.</summary>
    private static string Unit(Verdict verdict) =>
        verdict.ScrapeIntervals > 0 || verdict.ErrorProbability is null ? "requests" : "connections";

    private static string Known(Verdict verdict)
    {
        var seen = F($"{verdict.Connections:N0} {Unit(verdict)}");
        if (verdict.ScrapeIntervals is > 0 and var intervals)
            seen += F($" in {intervals:N0} scrape intervals");
        var shares =
            verdict.Connections == 0 ? "; nothing was observed"
            : verdict.ErrorProbability is null ? $"; {seen}"
            : verdict.HalfWidth < 1 ? $"; {seen}, shares known to ±{Percent(verdict.HalfWidth)} of the expected share"
            : $"; {seen}, too few to know the shares";
        return verdict.Unattributed > 0 ? F($"{shares}; {verdict.Unattributed:N0} of unknown backend") : shares;
    }

    private static string Needed(Verdict verdict, double? perSecond)
    {
        // Without an error bound nothing is decided by more of the same.
        if (verdict.Kind is not VerdictKind.Undecided || verdict.ErrorProbability is null)
            return "";
        if (perSecond is { } rate && rate > 0)
            return $"; {Forecast(verdict.FurtherConnections, rate)}";
        return verdict.FurtherConnections is { } further
            ? F($"; about {further:N0} more {Unit(verdict)} to decide")
            : "; no decision in sight at these shares";
    }

    private static string Percent(double fraction) => F($"{fraction * 100:0.#} %");

    private static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
