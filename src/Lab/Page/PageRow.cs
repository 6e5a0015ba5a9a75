using CiliumDebugging.Measurement.Status;

namespace CiliumDebugging.Lab.Page;

/// <summary>A Pod, or several Pods of one node.</summary>
public sealed record PageRow
{
    /// <summary><c>namespace/pod</c>, or the node.</summary>
    public required string Key { get; init; }

    public required string Name { get; init; }

    public required string Node { get; init; }

    /// <summary>Whether the load test runs on the same node.</summary>
    public bool OnClientNode { get; init; }

    /// <summary>Number of Pods.</summary>
    public int Pods { get; init; } = 1;

    public RowState State { get; init; }

    /// <summary>Client count: successes per second over the last seconds.</summary>
    public double OkPerSecond { get; init; }

    /// <summary>Hubble count: 5xx per second attributed to this Pod, its own and those of a proxy.</summary>
    public double FailedPerSecond { get; init; }

    /// <summary>Backend count: requests per second.</summary>
    public double EchoPerSecond { get; init; }

    /// <summary>Hubble count: requests per second; each proxy on the path counts a request once.</summary>
    public double HubblePerSecond { get; init; }

    /// <summary>Share of the phase's successes, 0 to 1; null without one.</summary>
    public double? Share { get; init; }

    /// <summary>Lower end of the share's confidence interval.</summary>
    public double? ShareLower { get; init; }

    /// <summary>Upper end of the share's confidence interval.</summary>
    public double? ShareUpper { get; init; }

    /// <summary>Expected share, 0 to 1.</summary>
    public double Expected { get; init; }

    /// <summary>Median latency of the last answers, ms; null without one.</summary>
    public double? P50Ms { get; init; }

    /// <summary>99th percentile of the same, ms.</summary>
    public double? P99Ms { get; init; }

    /// <summary>The same row while nothing can be said of it.</summary>
    public PageRow WithoutRates() =>
        new()
        {
            Key = Key,
            Name = Name,
            Node = Node,
            OnClientNode = OnClientNode,
            Pods = Pods,
            Expected = Expected,
        };
}
