using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace CiliumDebugging.Lab.Page;

/// <summary>What the client sees right now.</summary>
/// <param name="At">s since the load began.</param>
/// <param name="Requests">Requests with an outcome.</param>
/// <param name="Pods">Per Pod, and answers without one.</param>
public sealed record LiveRates(double At, long Requests, ImmutableArray<PodRate> Pods)
{
    /// <summary>Nothing yet.</summary>
    public static LiveRates None { get; } = new(0, 0, []);

    /// <summary>Answers by Pod and status since the load began.</summary>
    public ImmutableArray<ResponseCount> Responses { get; init; } = [];

    /// <summary>What the rates are averages over, s.</summary>
    public double Window { get; init; } = 2.5;

    /// <summary>All 2xx per second.</summary>
    public double OkPerSecond => Pods.Sum(p => p.OkPerSecond);

    /// <summary>All other answers per second.</summary>
    public double FailedPerSecond => Pods.Sum(p => p.FailedPerSecond);
}
