using System.Collections.Immutable;

namespace CiliumDebugging.Statistics;

/// <summary>Which share of the selections each backend should receive, known before the connections start (ready
/// endpoints, traffic policy, zones). When it changes a new segment starts; a share of 0 means "should receive
/// none".</summary>
public sealed class ExpectedShares
{
    private ExpectedShares(ImmutableArray<string> backends, ImmutableArray<double> weights)
    {
        Backends = backends;
        Weights = weights;
    }

    /// <summary>Names of the backends; their positions are the categories of every test.</summary>
    public ImmutableArray<string> Backends { get; }

    /// <summary>Expected shares, in the order of <see cref="Backends"/>; they sum to 1, or are all 0 where nothing is
    /// expected.</summary>
    public ImmutableArray<double> Weights { get; }

    /// <summary>The number of backends (K), including those with a share of 0.</summary>
    public int Count => Backends.Length;

    /// <summary>Backends that should receive something.</summary>
    internal int Competing => Weights.Count(w => w > 0);

    /// <summary>
    /// The greatest share within the tolerance τ: w(1 + τ). A backend that should receive nothing may receive τ of the
    /// mean share of those that should: a stray request is not a skew.
    /// </summary>
    internal double Highest(int backend, double tolerance) =>
        Weights[backend] > 0 ? Weights[backend] * (1 + tolerance) : tolerance / Math.Max(1, Competing);

    /// <summary>The least share within the tolerance τ: w(1 − τ).</summary>
    internal double Lowest(int backend, double tolerance) => Weights[backend] * (1 - tolerance);

    /// <summary>Every backend expects the same share.</summary>
    public static ExpectedShares Equal(params ReadOnlySpan<string> backends)
    {
        var weights = new double[backends.Length];
        Array.Fill(weights, 1);
        return Weighted([.. backends], weights);
    }

    /// <summary>Shares proportional to <paramref name="weights"/> (each ≥ 0 and finite; they need not sum to
    /// 1).</summary>
    /// <exception cref="ArgumentException">The lengths differ, a name occurs twice, or a weight is negative or not
    /// finite.</exception>
    public static ExpectedShares Weighted(IReadOnlyList<string> backends, IReadOnlyList<double> weights)
    {
        ArgumentNullException.ThrowIfNull(backends);
        ArgumentNullException.ThrowIfNull(weights);
        if (backends.Count != weights.Count)
            throw new ArgumentException($"{backends.Count} backends but {weights.Count} weights.", nameof(weights));
        if (backends.Distinct(StringComparer.Ordinal).Count() != backends.Count)
            throw new ArgumentException($"A backend occurs twice in: {string.Join(", ", backends)}.", nameof(backends));
        if (weights.Any(w => !(w >= 0) || double.IsInfinity(w)))
            throw new ArgumentException(
                $"Weights must be finite and not negative: {string.Join(", ", weights)}.",
                nameof(weights)
            );
        var total = weights.Sum();
        return new ExpectedShares([.. backends], [.. weights.Select(w => total > 0 ? w / total : 0)]);
    }
}
