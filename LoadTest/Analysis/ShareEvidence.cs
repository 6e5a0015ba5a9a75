namespace CiliumDebugging.LoadTest.Analysis;

/// <summary>
/// The evidence about one backend's share p: S of n selections went to it and w &gt; 0 was expected. Each e-value is a mixture over a beta prior with
/// mean w, cut off at the tolerance; the two concentrations A = K and A = (K − 1)/τ² are averaged.
/// </summary>
/// <remarks>
/// Formulas: Lindon and Malek, Anytime-valid inference for multinomial count data, arXiv 2011.03567. With u = w(1 + τ), l = w(1 − τ), a = A·w, b = A − a:
/// R(q) = ln B(a+S, b+n−S) − ln B(a, b) − S ln q − (n−S) ln(1−q);
/// Up(q) = R(q) + ln[1 − I_q(a+S, b+n−S)] − ln[1 − I_q(a, b)]; Dn(q) = R(q) + ln I_q(a+S, b+n−S) − ln I_q(a, b).
/// Counts may be fractional: a forecast scales them.
/// </remarks>
internal sealed class ShareEvidence
{
    private readonly Bound _upper;
    private readonly Bound _lower;
    private readonly BetaPrior _wide;
    private readonly BetaPrior _narrow;

    public ShareEvidence(double weight, int categories, double tolerance)
    {
        _wide = BetaPrior.WithMean(weight, categories);
        _narrow = BetaPrior.WithMean(weight, (categories - 1) / (tolerance * tolerance));
        _upper = new Bound(weight * (1 + tolerance), _wide, _narrow);
        _lower = new Bound(weight * (1 - tolerance), _wide, _narrow);
    }

    /// <summary>u ≥ 1: no share can be too large, so nothing is ever evidence of it.</summary>
    public bool UpperReachesOne => _upper.Share >= 1;

    /// <summary>ln max(1/u, 1/(1 − l)): what one selection can add to <see cref="TooMuch"/> or <see cref="TooLittle"/> at most.</summary>
    public double LogGreatestStep => Math.Max(UpperReachesOne ? 0 : -Math.Log(_upper.Share), -LogSpace.LogOnePlus(-_lower.Share));

    /// <summary>ln e-value against p ≤ u: the backend is busier than tolerated.</summary>
    public double TooMuch(double s, double n) => UpperReachesOne ? double.NegativeInfinity : Above(_upper, s, n);

    /// <summary>ln e-value against p ≥ l: the backend gets less than tolerated.</summary>
    public double TooLittle(double s, double n) => Below(_lower, s, n);

    /// <summary>ln e-value against p ≥ u: the backend is not too busy.</summary>
    public double NotTooMuch(double s, double n) => UpperReachesOne ? double.PositiveInfinity : Below(_upper, s, n);

    /// <summary>ln e-value against p ≤ l: the backend does not get too little.</summary>
    public double NotTooLittle(double s, double n) => Above(_lower, s, n);

    /// <summary>An upper bound of TooMuch without special functions (0 or the greatest log likelihood ratio).</summary>
    public double TooMuchBound(double s, double n) => UpperReachesOne ? 0 : _upper.GreatestRatioAbove(s, n);

    /// <summary>An upper bound of TooLittle.</summary>
    public double TooLittleBound(double s, double n) => _lower.GreatestRatioBelow(s, n);

    /// <summary>An upper bound of NotTooMuch.</summary>
    public double NotTooMuchBound(double s, double n) =>
        UpperReachesOne ? double.PositiveInfinity : _upper.GreatestRatioBelow(s, n);

    /// <summary>An upper bound of NotTooLittle.</summary>
    public double NotTooLittleBound(double s, double n) => _lower.GreatestRatioAbove(s, n);

    /// <summary>A bound of both TooMuch (of <paramref name="least"/>) and TooLittle (of <paramref name="most"/>) that needs no logarithm.</summary>
    public double RoughBound(double least, double most, double n) =>
        Math.Max(UpperReachesOne ? 0 : _upper.ChiSquareAbove(least, n), _lower.ChiSquareBelow(most, n));

    /// <summary>The largest share that is not rejected at ln R(q) &lt; <paramref name="logThreshold"/> given S = <paramref name="s"/>.</summary>
    public (double Lower, double Upper) Interval(double s, double n, double logThreshold) =>
        BetaPrior.Interval(LogSpace.LogMean(_wide.LogMarginal(s, n), _narrow.LogMarginal(s, n)), s, n, logThreshold);

    private double Above(in Bound bound, double s, double n) => bound.LogLikelihoodAgainst(s, n) + LogSpace.LogMean(
        _wide.LogMarginal(s, n) + _wide.LogUpper(bound.Share, s, n) - bound.WideUpper,
        _narrow.LogMarginal(s, n) + _narrow.LogUpper(bound.Share, s, n) - bound.NarrowUpper);

    private double Below(in Bound bound, double s, double n) => bound.LogLikelihoodAgainst(s, n) + LogSpace.LogMean(
        _wide.LogMarginal(s, n) + _wide.LogLower(bound.Share, s, n) - bound.WideLower,
        _narrow.LogMarginal(s, n) + _narrow.LogLower(bound.Share, s, n) - bound.NarrowLower);

    /// <summary>One end of the tolerance with everything that does not depend on the data.</summary>
    private readonly struct Bound
    {
        private readonly double _logShare;
        private readonly double _logRest;
        private readonly double _inverseVariance;

        public Bound(double share, BetaPrior wide, BetaPrior narrow)
        {
            Share = share;
            if (share >= 1)
                return;
            (_logShare, _logRest) = (Math.Log(share), LogSpace.LogOnePlus(-share));
            _inverseVariance = 1 / (share * (1 - share));
            (WideUpper, WideLower) = (wide.LogUpper(share, 0, 0), wide.LogLower(share, 0, 0));
            (NarrowUpper, NarrowLower) = (narrow.LogUpper(share, 0, 0), narrow.LogLower(share, 0, 0));
        }

        public double Share { get; }
        public double WideUpper { get; }
        public double WideLower { get; }
        public double NarrowUpper { get; }
        public double NarrowLower { get; }

        public double LogLikelihoodAgainst(double s, double n) => -s * _logShare - (n - s) * _logRest;

        // An average of likelihood ratios is at most the greatest of them, which is at s/n if that lies beyond the bound and at most 1 otherwise.
        public double GreatestRatioAbove(double s, double n) => s > n * Share ? GreatestRatio(s, n) : 0;

        public double GreatestRatioBelow(double s, double n) => s < n * Share ? GreatestRatio(s, n) : 0;

        // Kullback-Leibler divergence ≤ χ² divergence.
        public double ChiSquareAbove(double s, double n) => s > n * Share ? ChiSquare(s, n) : 0;

        public double ChiSquareBelow(double s, double n) => s < n * Share ? ChiSquare(s, n) : 0;

        private double ChiSquare(double s, double n) => (s - n * Share) * (s - n * Share) * _inverseVariance / n;

        private double GreatestRatio(double s, double n) => LogLikelihoodAgainst(s, n)
            + (s > 0 ? s * Math.Log(s / n) : 0) + (s < n ? (n - s) * Math.Log((n - s) / n) : 0);
    }
}
