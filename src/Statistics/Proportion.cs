namespace CiliumDebugging.Statistics;

/// <summary>Anytime-valid intervals of a single proportion such as a success rate or a locality share.</summary>
public static class Proportion
{
    private static readonly BetaPrior s_prior = BetaPrior.WithMean(0.5, 1);

    /// <summary>The interval { q : R(q) &lt; ln(<paramref name="simultaneous"/>/α) } with prior Beta(½, ½) (A = 1, w =
    /// ½; arXiv 2011.03567).</summary>
    /// <param name="successes">Successes, 0 to <paramref name="trials"/>.</param>
    /// <param name="trials">Trials; with 0 the interval is [0, 1].</param>
    /// <param name="errorProbability">Probability α that any of the intervals ever misses, in (0, 1).</param>
    /// <param name="simultaneous">Number of intervals that must hold together, ≥ 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is outside its range.</exception>
    public static ShareInterval Interval(long successes, long trials, double errorProbability, int simultaneous = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(successes);
        ArgumentOutOfRangeException.ThrowIfLessThan(trials, successes);
        ArgumentOutOfRangeException.ThrowIfLessThan(simultaneous, 1);
        if (errorProbability is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(
                nameof(errorProbability),
                errorProbability,
                "The value must be in (0, 1)."
            );
        if (trials == 0)
            return new ShareInterval(double.NaN, 0, 1);
        var (lower, upper) = BetaPrior.Interval(
            s_prior.After(successes, trials).LogMarginal,
            successes,
            trials,
            Math.Log(simultaneous / errorProbability)
        );
        return new ShareInterval((double)successes / trials, lower, upper);
    }

    /// <summary>As <see cref="Interval"/>, where some trials may or may not belong to this proportion: it covers every
    /// way of assigning them.</summary>
    /// <param name="successes">Successes that belong here.</param>
    /// <param name="failures">Failures that belong here.</param>
    /// <param name="possibleSuccesses">Successes that may belong here.</param>
    /// <param name="possibleFailures">Failures that may belong here.</param>
    /// <param name="errorProbability">See <see cref="Interval"/>.</param>
    /// <param name="simultaneous">See <see cref="Interval"/>.</param>
    public static ShareInterval IntervalWithUnknown(
        long successes,
        long failures,
        long possibleSuccesses,
        long possibleFailures,
        double errorProbability,
        int simultaneous = 1
    ) =>
        new(
            successes + failures > 0 ? (double)successes / (successes + failures) : double.NaN,
            Interval(successes, successes + failures + possibleFailures, errorProbability, simultaneous).Lower,
            Interval(
                successes + possibleSuccesses,
                successes + failures + possibleSuccesses,
                errorProbability,
                simultaneous
            ).Upper
        );
}
