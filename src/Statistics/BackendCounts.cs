using System.Collections.Immutable;

namespace CiliumDebugging.Statistics;

/// <summary>How many observations fell to each backend, and how many to none that is known.</summary>
/// <param name="PerBackend">Counts in the order of <see cref="ExpectedShares.Backends"/>, each ≥ 0.</param>
/// <param name="Unattributed">Observations whose backend is unknown: a cell of its own, never dropped and never
/// imputed.</param>
public sealed record BackendCounts(ImmutableArray<long> PerBackend, long Unattributed)
{
    /// <summary>All observations, attributed or not.</summary>
    public long Total => PerBackend.Sum() + Unattributed;

    /// <summary>Counts without unattributed observations.</summary>
    public static BackendCounts Of(params ReadOnlySpan<long> perBackend) => new([.. perBackend], 0);

    internal static BackendCounts FromDoubles(IEnumerable<double> counts, double unattributed) =>
        new([.. counts.Select(c => (long)c)], (long)unattributed);
}
