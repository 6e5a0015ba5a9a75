namespace CiliumDebugging.Statistics;

/// <summary>What is known of a ratio p = ΣX/ΣN of two counters after t scrape intervals, of which only the increments
/// are known: x of n events were of one kind. Sums add and subtract, so that those of any stretch of intervals follow
/// from two snapshots.</summary>
/// <remarks>Asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, arXiv 2103.06476,
/// Theorem 2.2: with residuals x − p·n of standard deviation σ per interval, E(q) = (tρ² + 1)^(−½) · exp( ρ²·Z²/(2(tρ²
/// + 1)) ), Z = (X − qN)/σ, is asymptotically an e-process of p = q, and { q : E(q) &lt; 1/α } a confidence sequence.
/// Its error probability holds in the limit of many intervals only, so nothing is decided on fewer than
/// <see cref="MinIntervals"/>. σ is estimated, and never taken to be less than that of independent requests under q,
/// √(q(1 − q)n): the observed p has none when nothing, or everything, was of the kind.</remarks>
/// <param name="Intervals">t, scrape intervals.</param>
/// <param name="X">ΣX.</param>
/// <param name="N">ΣN.</param>
/// <param name="XX">ΣX².</param>
/// <param name="XN">ΣX·N.</param>
/// <param name="NN">ΣN².</param>
public readonly record struct RatioSums(long Intervals, double X, double N, double XX, double XN, double NN)
{
    /// <summary>Intervals before anything is decided: the theory is one of many.</summary>
    public const int MinIntervals = 20;

    /// <summary>The intervals are narrowest after about this many scrape intervals: ten minutes at one every 10
    /// s.</summary>
    private const double SharpestAt = 60;

    /// <summary>ρ² for the error probability 1e-4, (2 ln(1/α) + ln(1 + 2 ln(1/α)))/t (arXiv 2103.06476, section 2).
    /// Fixed: it must not depend on the data.</summary>
    private static readonly double s_rhoSquared = (2 * Math.Log(1e4) + Math.Log(1 + 2 * Math.Log(1e4))) / SharpestAt;

    /// <summary>The observed ratio, 0 to 1; NaN without an event. What is counted at different moments, as requests and
    /// their answers, may be a few more than there were.</summary>
    public double Estimate => N > 0 ? Math.Clamp(X / N, 0, 1) : double.NaN;

    /// <summary>With one more interval. One without an event tells nothing and is not counted.</summary>
    public RatioSums With(double x, double n) =>
        n <= 0 ? this : new(Intervals + 1, X + x, N + n, XX + x * x, XN + x * n, NN + n * n);

    /// <summary>The intervals since an earlier state.</summary>
    public RatioSums Since(in RatioSums earlier) =>
        new(
            Intervals - earlier.Intervals,
            X - earlier.X,
            N - earlier.N,
            XX - earlier.XX,
            XN - earlier.XN,
            NN - earlier.NN
        );

    /// <summary>The same ratio seen <paramref name="factor"/> times as long.</summary>
    public RatioSums Scaled(double factor) =>
        new((long)(Intervals * factor), X * factor, N * factor, XX * factor, XN * factor, NN * factor);

    /// <summary>The interval { q : E(q) &lt; 1/α }; [0, 1] before there are <see cref="MinIntervals"/>.</summary>
    /// <param name="errorProbability">α, (0, 1).</param>
    public ShareInterval Interval(double errorProbability)
    {
        if (Intervals < MinIntervals || N <= 0)
            return new ShareInterval(Estimate, 0, 1);
        var spread = Intervals * s_rhoSquared + 1;
        var z2 = 2 * spread / s_rhoSquared * (0.5 * Math.Log(spread) - Math.Log(errorProbability));
        // (X − qN)² < z²·σ² holds for either σ: that of the increments, and that of independent requests (Wilson's
        // interval).
        var half = Math.Sqrt(z2 * Empirical) / N;
        var (p, w) = (Estimate, z2 / (Intervals * N));
        var centre = (p + w / 2) / (1 + w);
        var wilson = Math.Sqrt(w * (p * (1 - p) + w / 4)) / (1 + w);
        return new ShareInterval(
            p,
            Math.Clamp(Math.Min(p - half, centre - wilson), 0, p),
            Math.Clamp(Math.Max(p + half, centre + wilson), p, 1)
        );
    }

    /// <summary>ln E against p ≤ q; −∞ unless the observed ratio is greater, or when there are too few
    /// intervals.</summary>
    public double LogAgainstAtMost(double q) => X > q * N ? LogEvidence(q) : double.NegativeInfinity;

    /// <summary>ln E against p ≥ q; −∞ unless the observed ratio is less, or when there are too few
    /// intervals.</summary>
    public double LogAgainstAtLeast(double q) => X < q * N ? LogEvidence(q) : double.NegativeInfinity;

    /// <summary>σ² of the increments: variance of x − p·n in one interval.</summary>
    private double Empirical
    {
        get
        {
            var p = X / N;
            return Math.Max(0, XX - 2 * p * XN + p * p * NN) / Math.Max(1, Intervals - 1);
        }
    }

    private double LogEvidence(double q)
    {
        if (Intervals < MinIntervals)
            return double.NegativeInfinity;
        var z = (X - q * N) / Math.Sqrt(Math.Max(Empirical, q * (1 - q) * N / Intervals));
        var spread = Intervals * s_rhoSquared + 1;
        return s_rhoSquared * z * z / (2 * spread) - 0.5 * Math.Log(spread);
    }
}
