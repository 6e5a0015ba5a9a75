namespace CiliumDebugging.Statistics;

/// <summary>All share vectors that simultaneous intervals allow: lower ≤ p ≤ upper and Σp = 1. Bounds of skew measures
/// are extremes over it.</summary>
internal sealed class ShareBox
{
    private readonly double[] _lower;
    private readonly double[] _upper;

    public ShareBox(IReadOnlyList<ShareInterval> intervals)
    {
        var (sumLower, sumUpper) = (intervals.Sum(i => i.Lower), intervals.Sum(i => i.Upper));
        // What the other intervals leave over is a bound too.
        _lower = [.. intervals.Select(i => Math.Max(i.Lower, 1 - (sumUpper - i.Upper)))];
        _upper = [.. intervals.Select(i => Math.Min(i.Upper, 1 - (sumLower - i.Lower)))];
    }

    /// <summary>Bounds of max p/w over the backends with w &gt; 0.</summary>
    public (double Least, double Most) GreatestLoad(IReadOnlyList<double> weights)
    {
        var (least, most) = (0.0, 0.0);
        for (var i = 0; i < _lower.Length; i++)
        {
            if (weights[i] <= 0)
                continue;
            least = Math.Max(least, _lower[i] / weights[i]);
            most = Math.Max(most, _upper[i] / weights[i]);
        }
        // Least load: no backend above t·w, and yet everything is placed.
        var (low, high) = (least, most);
        if (Placed(low) >= 1)
            return (low, most);
        for (var step = 0; step < 100; step++)
        {
            var t = (low + high) / 2;
            (low, high) = Placed(t) >= 1 ? (low, t) : (t, high);
        }
        return (low, most);

        double Placed(double t) => _upper.Select((u, i) => weights[i] > 0 ? Math.Min(u, t * weights[i]) : u).Sum();
    }

    /// <summary>Bounds of the total variation ½ Σ|p − w| = Σ(p − w)⁺ = Σ(w − p)⁺.</summary>
    public (double Least, double Most) TotalVariation(IReadOnlyList<double> weights)
    {
        double surely = 0,
            surelyMissing = 0,
            atMost = 0,
            atMostMissing = 0;
        for (var i = 0; i < _lower.Length; i++)
        {
            surely += Math.Max(0, _lower[i] - weights[i]);
            surelyMissing += Math.Max(0, weights[i] - _upper[i]);
            atMost += Math.Max(0, _upper[i] - weights[i]);
            atMostMissing += Math.Max(0, weights[i] - _lower[i]);
        }
        return (Math.Max(surely, surelyMissing), Math.Min(1, Math.Min(atMost, atMostMissing)));
    }

    /// <summary>Bounds of Σ c·p² with coefficients c ≥ 0.</summary>
    public (double Least, double Most) SumOfSquares(IReadOnlyList<double> coefficients) =>
        (LeastSquares(coefficients), MostSquares(coefficients));

    // The minimum of a convex sum: p = clamp(λ/c) with the λ that makes Σp = 1 (water filling).
    private double LeastSquares(IReadOnlyList<double> coefficients)
    {
        var (low, high) = (0.0, Math.Max(1, coefficients.Max()));
        for (var step = 0; step < 200; step++)
        {
            var level = (low + high) / 2;
            (low, high) = _lower.Select((_, i) => Share(i, level)).Sum() < 1 ? (level, high) : (low, level);
        }
        return _lower.Select((_, i) => coefficients[i] * Share(i, low) * Share(i, low)).Sum();

        double Share(int i, double level) =>
            coefficients[i] > 0
                ? Math.Clamp(level / coefficients[i], _lower[i], Math.Max(_lower[i], _upper[i]))
                : _upper[i];
    }

    // A convex function lies below its chord: c·p² ≤ c·((l+u)p − lu), whose sum is greatest when the steepest backends
    // are filled first.
    private double MostSquares(IReadOnlyList<double> coefficients)
    {
        var left = 1 - _lower.Sum();
        var sum = 0.0;
        foreach (
            var i in Enumerable
                .Range(0, _lower.Length)
                .OrderByDescending(i => coefficients[i] * (_lower[i] + _upper[i]))
        )
        {
            var share = _lower[i] + Math.Clamp(left, 0, Math.Max(0, _upper[i] - _lower[i]));
            left -= share - _lower[i];
            sum += coefficients[i] * ((_lower[i] + _upper[i]) * share - _lower[i] * _upper[i]);
        }
        return sum;
    }
}
