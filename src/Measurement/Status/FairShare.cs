using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Status;

/// <summary>Compares what Pods answer with what they should.</summary>
internal static class FairShare
{
    /// <summary>Below this part of its fair share a Pod is short of it.</summary>
    private const double Short = 0.5;

    /// <summary>At most this part of its fair share makes a Pod silent.</summary>
    private const double Silent = 0.02;

    /// <summary>
    /// With fewer successes expected in the window, the whole phase decides. A short window after a change needs more:
    /// half of 20 or fewer occurs by chance in one of 100 windows.
    /// </summary>
    private const double Enough = 4,
        EnoughInShortWindow = 20;

    /// <summary>Shorter windows are short, s.</summary>
    private const double LongWindow = 2;

    /// <summary>
    /// A short window also decides where chance alone would give so few successes less than once in 1,000 windows.
    /// </summary>
    private static readonly double s_improbable = Math.Log(1000);

    /// <summary>How a Pod's successes compare with its fair share. A Pod without a success of which too few are due is
    /// undecided: it has not answered.</summary>
    /// <param name="okPerSecond">Its successes per second in the window.</param>
    /// <param name="ok">Its successes in the phase.</param>
    /// <param name="fairPerSecond">Its fair share of all Pods' successes, per second.</param>
    /// <param name="fair">Its fair share of the phase's successes.</param>
    /// <param name="window">Length of the window, s.</param>
    public static RowState StateOf(double okPerSecond, double ok, double fairPerSecond, double fair, double window)
    {
        var inWindow = fairPerSecond * window;
        var decides =
            window >= LongWindow
                ? inWindow >= Enough
                : inWindow >= EnoughInShortWindow || Surprise(okPerSecond * window, inWindow) >= s_improbable;
        var (seen, due) = decides ? (okPerSecond, fairPerSecond) : (ok, fair);
        if (!decides && fair < Enough)
            return okPerSecond > 0 || ok > 0 ? RowState.Answers : RowState.Undecided;
        if (seen >= due * Short)
            return RowState.Answers;
        return seen <= due * Silent ? RowState.Silent : RowState.Short;
    }

    /// <summary>
    /// Chernoff's bound for the lower tail of a Poisson number, P(X ≤ seen) ≤ e^−(due − seen + seen ln(seen/due)), as
    /// −ln P; 0 where seen ≥ due. 7 expected and none seen gives 7.
    /// </summary>
    private static double Surprise(double seen, double due) =>
        seen >= due ? 0 : due - seen + (seen > 0 ? seen * Math.Log(seen / due) : 0);

    /// <summary>
    /// What a Pod's fair share of the successes is, per second of the window and in the phase. Once delivery is called
    /// skewed, few successes of all Pods together may be many of each that answers: then it is the busiest Pod's.
    /// </summary>
    /// <param name="expected">Its fair share, above 0.</param>
    /// <param name="isCalled">Whether delivery is called skewed.</param>
    public static (double PerSecond, double InPhase) SuccessesDue(
        PhaseReport phase,
        LiveSample live,
        double expected,
        bool isCalled
    )
    {
        var perSecond = live.Pods.IsEmpty ? phase.Ok / SecondsOf(phase) : live.OkPerSecond;
        if (!isCalled || phase.Ok * expected >= Enough)
            return (perSecond * expected, phase.Ok * expected);
        var shares = phase.Delivery.Successes.Shares;
        var busiest = phase.Pods.Zip(shares, (p, s) => s.Expected > 0 ? p.Ok / s.Expected : 0).DefaultIfEmpty(0).Max();
        return (Math.Max(perSecond, busiest / SecondsOf(phase)) * expected, busiest * expected);
    }

    /// <summary>
    /// Requests per second sent to all Pods: those with an outcome, or those that the busiest Pod's rate implies,
    /// whichever is more. Failing requests have their outcome only after the proxy's retries.
    /// </summary>
    public static double OfferedPerSecond(PhaseReport phase, LiveSample live)
    {
        if (live.Pods.IsEmpty)
            return phase.Requests / SecondsOf(phase);
        var shares = phase.Delivery.Successes.Shares;
        var expected = shares.ToDictionary(s => s.Backend, s => s.Expected, StringComparer.Ordinal);
        var busiest = live
            .Pods.Where(p => p.Pod is not null && expected.GetValueOrDefault(p.Pod.Name) > 0)
            .Select(p => p.OkPerSecond / expected[p.Pod!.Name])
            .DefaultIfEmpty(0)
            .Max();
        return Math.Max(live.OkPerSecond + live.FailedPerSecond, busiest);
    }

    /// <summary>Length of a phase to divide by, s.</summary>
    public static double SecondsOf(PhaseReport phase) => Math.Max(phase.Seconds, 1e-9);
}
