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

    /// <summary>Whether the interval includes <paramref name="share"/>.</summary>
    public bool Contains(double share) => share >= Lower && share <= Upper;
}
