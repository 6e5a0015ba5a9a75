namespace CiliumDebugging.Statistics;

/// <summary>A measure with the range that the simultaneous share intervals allow (same error probability as the
/// verdict).</summary>
/// <param name="Estimate">Value at the observed shares of the attributed observations; NaN without data.</param>
/// <param name="Lower">Least possible value.</param>
/// <param name="Upper">Greatest possible value.</param>
public readonly record struct Measure(double Estimate, double Lower, double Upper);

/// <summary>How uneven the shares p are, compared with the expected shares w, in four customary numbers.</summary>
/// <param name="MaxOverMean">max p/w: load of the busiest backend relative to its fair load; 1 is even, K (equal
/// weights) is "one takes all".</param>
/// <param name="Jain">Jain's fairness index, weighted: 1 / Σ p²/w over the backends with w &gt; 0; 1 is even, 1/K is
/// "one takes all".</param>
/// <param name="TotalVariation">½ Σ|p − w|: the fraction of selections that would have to move; 0 to 1.</param>
/// <param name="EffectiveBackends">1 / Σp²: the number of equally loaded backends that would concentrate the load as
/// much; 1 to K.</param>
public sealed record SkewMeasures(Measure MaxOverMean, Measure Jain, Measure TotalVariation, Measure EffectiveBackends)
{
    /// <summary>The measures of a verdict's shares; null where no backend is expected.</summary>
    public static SkewMeasures? Of(Verdict verdict)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        double[] weights = [.. verdict.Shares.Select(s => s.Expected)];
        if (!weights.Any(w => w > 0))
            return null;
        double attributed = verdict.Shares.Sum(s => s.Count);
        double[] shares = [.. verdict.Shares.Select(s => s.Count / attributed)];
        double[] fairness = [.. weights.Select(w => w > 0 ? 1 / w : 0)];
        double[] ones = [.. weights.Select(_ => 1.0)];
        var box = new ShareBox([.. verdict.Shares.Select(s => s.Share)]);

        var load = box.GreatestLoad(weights);
        var distance = box.TotalVariation(weights);
        return new SkewMeasures(
            new Measure(
                shares.Zip(weights).Where(p => p.Second > 0).Max(p => p.First / p.Second),
                load.Least,
                load.Most
            ),
            Inverse(Squares(shares, fairness), box.SumOfSquares(fairness), most: 1),
            new Measure(shares.Zip(weights).Sum(p => Math.Abs(p.First - p.Second)) / 2, distance.Least, distance.Most),
            Inverse(Squares(shares, ones), box.SumOfSquares(ones), most: weights.Length)
        );
    }

    private static double Squares(double[] shares, double[] coefficients) =>
        shares.Zip(coefficients).Sum(p => p.Second * p.First * p.First);

    private static Measure Inverse(double value, (double Least, double Most) range, double most) =>
        new(Math.Min(most, 1 / value), Math.Min(most, 1 / range.Most), Math.Min(most, 1 / range.Least));
}
