namespace CiliumDebugging.Statistics;

/// <summary>A proportion with an interval that holds at every moment one looks.</summary>
/// <param name="Estimate">The observed proportion, 0 to 1; NaN before the first observation. Requests of unknown
/// backend count in the denominator only.</param>
/// <param name="Lower">Lower end, 0 to 1.</param>
/// <param name="Upper">Upper end, 0 to 1; as if all requests of unknown backend had gone here.</param>
public readonly record struct ShareInterval(double Estimate, double Lower, double Upper)
{
    /// <summary>Half of the interval's width, in units of the proportion.</summary>
    public double HalfWidth => (Upper - Lower) / 2;

    /// <summary>The part of the interval that a verdict "even" leaves; it always includes the estimate.</summary>
    /// <param name="least">Least share that the verdict allows.</param>
    /// <param name="most">Greatest share that the verdict allows.</param>
    internal ShareInterval Within(double least, double most) =>
        double.IsNaN(Estimate)
            ? this
            : new(Estimate, Math.Min(Math.Max(Lower, least), Estimate), Math.Max(Math.Min(Upper, most), Estimate));

    /// <summary>Whether the interval includes <paramref name="share"/>.</summary>
    public bool Contains(double share) => share >= Lower && share <= Upper;
}
