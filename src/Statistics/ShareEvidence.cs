namespace CiliumDebugging.Statistics;

/// <summary>The evidence about one backend's share p: S of n selections went to it and w &gt; 0 was expected. Each
/// e-value is a mixture over a beta prior with mean w, cut off at the tolerance; the two concentrations A = K and A =
/// (K − 1)/τ² are averaged.</summary>
/// <remarks>Formulas: Lindon and Malek, Anytime-valid inference for multinomial count data, arXiv 2011.03567. With u =
/// w(1 + τ), l = w(1 − τ), a = A·w, b = A − a: R(q) = ln B(a+S, b+n−S) − ln B(a, b) − S ln q − (n−S) ln(1−q); Up(q) =
/// R(q) + ln[1 − I_q(a+S, b+n−S)] − ln[1 − I_q(a, b)]; Dn(q) = R(q) + ln I_q(a+S, b+n−S) − ln I_q(a, b). Counts may be
/// fractional: a forecast scales them.</remarks>
internal sealed class ShareEvidence
{
    private readonly Bound _upper;
    private readonly Bound _lower;
    private readonly BetaPrior _wide;
    private readonly BetaPrior _narrow;

    private readonly bool _none;

    public ShareEvidence(double weight, int categories, double tolerance)
    {
        _wide = BetaPrior.WithMean(weight, categories);
        _narrow = BetaPrior.WithMean(weight, (categories - 1) / (tolerance * tolerance));
        _upper = new Bound(weight * (1 + tolerance), _wide, _narrow);
        _lower = new Bound(weight * (1 - tolerance), _wide, _narrow);
    }

    private ShareEvidence(double highest, BetaPrior wide, BetaPrior narrow)
    {
        (_wide, _narrow, _none) = (wide, narrow, true);
        _upper = new Bound(highest, _wide, _narrow);
    }

    /// <summary>A backend that should receive nothing and may receive at most <paramref name="highest"/>: it can
    /// receive too much, but never too little.</summary>
    public static ShareEvidence OfNone(double highest, int competing, double tolerance) =>
        new(
            highest,
            BetaPrior.WithMean(highest, competing + 1),
            BetaPrior.WithMean(highest, competing / (tolerance * tolerance))
        );

    /// <summary>Ends of the tolerance that there are: 2, or 1 where nothing is too little.</summary>
    public int Sides => _none ? 1 : 2;

    /// <summary>u ≥ 1: no share can be too large, so nothing is ever evidence of it.</summary>
    public bool UpperReachesOne => _upper.Share >= 1;

    /// <summary>ln(e^Up(u) + e^Dn(l)): evidence that the backend is busier than tolerated, plus evidence that it gets
    /// less than tolerated.</summary>
    /// <param name="least">S in the first term (without unattributed selections).</param>
    /// <param name="most">S in the second term (with them).</param>
    public double Outside(double least, double most, double n)
    {
        var (wide, narrow) = (_wide.After(least, n), _narrow.After(least, n));
        var tooMuch = UpperReachesOne ? double.NegativeInfinity : _upper.AgainstAtMost(wide, narrow, least, n);
        if (_none)
            return tooMuch;
        if (most != least)
            (wide, narrow) = (_wide.After(most, n), _narrow.After(most, n));
        return LogSpace.LogAdd(tooMuch, _lower.AgainstAtLeast(wide, narrow, most, n));
    }

    /// <summary>min(Dn(u), Up(l)): evidence that the backend gets neither too much (at S = most) nor too little (at S =
    /// least).</summary>
    public double Inside(double least, double most, double n)
    {
        var (wide, narrow) = (_wide.After(least, n), _narrow.After(least, n));
        var notTooLittle = _none ? double.PositiveInfinity : _lower.AgainstAtMost(wide, narrow, least, n);
        if (UpperReachesOne)
            return notTooLittle;
        if (most != least)
            (wide, narrow) = (_wide.After(most, n), _narrow.After(most, n));
        return Math.Min(notTooLittle, _upper.AgainstAtLeast(wide, narrow, most, n));
    }

    /// <summary>ln max(1/u, 1/(1 − l)): what one selection can add to <see cref="Outside"/> at most.</summary>
    public double LogGreatestStep =>
        Math.Max(UpperReachesOne ? 0 : -Math.Log(_upper.Share), _none ? 0 : -LogSpace.LogOnePlus(-_lower.Share));

    /// <summary>ln max(1/l, 1/(1 − u)): what one selection can add to <see cref="Inside"/> at most.</summary>
    public double LogGreatestInsideStep =>
        Math.Max(UpperReachesOne ? 0 : -LogSpace.LogOnePlus(-_upper.Share), _none ? 0 : -Math.Log(_lower.Share));

    /// <summary>At least <see cref="Inside"/>, without special functions: each term is at most the greatest likelihood
    /// ratio.</summary>
    public double InsideBound(double least, double most, double n) =>
        Math.Min(
            UpperReachesOne ? double.PositiveInfinity : _upper.GreatestRatioBelow(most, n),
            _none ? double.PositiveInfinity : _lower.GreatestRatioAbove(least, n)
        );

    /// <summary>At least either term of <see cref="Outside"/>, without special functions.</summary>
    public double OutsideBound(double least, double most, double n) =>
        Math.Max(
            UpperReachesOne ? 0 : _upper.GreatestRatioAbove(least, n),
            _none ? 0 : _lower.GreatestRatioBelow(most, n)
        );

    /// <summary>A bound of <see cref="OutsideBound"/> without a logarithm (0 while the share is inside the tolerance),
    /// and the number of selections that must follow before that bound can reach <paramref name="nats"/>.</summary>
    public (double Bound, double Selections) RoughOutside(double least, double most, double n, double nats)
    {
        // Kullback-Leibler divergence ≤ χ² divergence: n·KL ≤ excess²/(q(1 − q)n). One selection raises an excess by 1
        // − u or l, and n only dilutes it.
        var tooMuch = least - n * _upper.Share;
        var (bound, selections) = (0.0, double.PositiveInfinity);
        if (!_none)
        {
            var tooLittle = n * _lower.Share - most;
            bound = tooLittle > 0 ? tooLittle * tooLittle * _lower.InverseVariance : 0;
            selections = (Math.Sqrt(nats * n / _lower.InverseVariance) - tooLittle) / _lower.Share;
        }
        if (UpperReachesOne)
            return (bound / n, selections);
        return (
            (tooMuch > 0 ? Math.Max(bound, tooMuch * tooMuch * _upper.InverseVariance) : bound) / n,
            Math.Min(selections, (Math.Sqrt(nats * n / _upper.InverseVariance) - tooMuch) / (1 - _upper.Share))
        );
    }

    /// <summary>The largest share that is not rejected at ln R(q) &lt; <paramref name="logThreshold"/> given S =
    /// <paramref name="s"/>.</summary>
    public (double Lower, double Upper) Interval(double s, double n, double logThreshold) =>
        BetaPrior.Interval(
            LogSpace.LogMean(_wide.After(s, n).LogMarginal, _narrow.After(s, n).LogMarginal),
            s,
            n,
            logThreshold
        );

    /// <summary>One end of the tolerance with everything that does not depend on the data.</summary>
    private readonly struct Bound
    {
        private readonly double _logShare;
        private readonly double _logRest;
        private readonly double _wideAbove;
        private readonly double _wideBelow;
        private readonly double _narrowAbove;
        private readonly double _narrowBelow;

        public Bound(double share, BetaPrior wide, BetaPrior narrow)
        {
            Share = share;
            if (share >= 1)
                return;
            (_logShare, _logRest) = (Math.Log(share), LogSpace.LogOnePlus(-share));
            InverseVariance = 1 / (share * (1 - share));
            var (wideBefore, narrowBefore) = (wide.After(0, 0), narrow.After(0, 0));
            (_wideAbove, _wideBelow) = (
                wideBefore.LogAbove(share, _logShare, _logRest),
                wideBefore.LogBelow(share, _logShare, _logRest)
            );
            (_narrowAbove, _narrowBelow) = (
                narrowBefore.LogAbove(share, _logShare, _logRest),
                narrowBefore.LogBelow(share, _logShare, _logRest)
            );
        }

        public double Share { get; }
        public double InverseVariance { get; }

        /// <summary>Up(q): ln e-value against p ≤ q.</summary>
        public double AgainstAtMost(in BetaPosterior wide, in BetaPosterior narrow, double s, double n) =>
            LogSpace.LogMean(
                wide.LogAbove(Share, _logShare, _logRest) - _wideAbove,
                narrow.LogAbove(Share, _logShare, _logRest) - _narrowAbove
            ) - LogLikelihood(s, n);

        /// <summary>Dn(q): ln e-value against p ≥ q.</summary>
        public double AgainstAtLeast(in BetaPosterior wide, in BetaPosterior narrow, double s, double n) =>
            LogSpace.LogMean(
                wide.LogBelow(Share, _logShare, _logRest) - _wideBelow,
                narrow.LogBelow(Share, _logShare, _logRest) - _narrowBelow
            ) - LogLikelihood(s, n);

        // An average of likelihood ratios is at most the greatest of them, which is at s/n if that lies beyond the
        // bound and at most 1 otherwise.
        public double GreatestRatioAbove(double s, double n) => s > n * Share ? GreatestRatio(s, n) : 0;

        public double GreatestRatioBelow(double s, double n) => s < n * Share ? GreatestRatio(s, n) : 0;

        private double GreatestRatio(double s, double n) =>
            (s > 0 ? s * Math.Log(s / n) : 0) + (s < n ? (n - s) * Math.Log((n - s) / n) : 0) - LogLikelihood(s, n);

        private double LogLikelihood(double s, double n) => s * _logShare + (n - s) * _logRest;
    }
}
