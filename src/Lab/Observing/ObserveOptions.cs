using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Observing;

/// <summary>What <c>observe</c> is asked to do.</summary>
/// <param name="Namespace">Namespace of the Service.</param>
/// <param name="Service">Name of the Service.</param>
public sealed record ObserveOptions(string Namespace, string Service)
{
    /// <summary>A Prometheus to ask; null: Hubble's and the pods' metrics are scraped through the API server.</summary>
    public Uri? Prometheus { get; init; }

    /// <summary>Bearer token for it; null for none.</summary>
    public string? PrometheusToken { get; init; }

    /// <summary>Time between scrapes, 1 s or more. Default 5 s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long to observe at most; with a Prometheus, without <see cref="Watch"/>: how far to look back. Null: 3 min (10 min of a Prometheus), without end with <see cref="Watch"/>.</summary>
    public TimeSpan? For { get; init; }

    /// <summary>Go on until skew is found.</summary>
    public bool Watch { get; init; }

    /// <summary>Error probability of each verdict, and tolerance.</summary>
    public VerdictOptions Verdict { get; init; } = VerdictOptions.Default;

    /// <summary>Counter of the backends for requests that reached them. Default <c>echo_requests</c>; empty: they are not asked.</summary>
    public string BackendMetric { get; init; } = "echo_requests";

    /// <summary>Port of the backends' <c>/metrics</c>; null: that of the Service's Pods.</summary>
    public int? BackendPort { get; init; }

    /// <summary>A target that takes longer for its whole answer is missing from the round. Default 5 s.</summary>
    public TimeSpan TargetTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>An API server that takes longer for an answer is given up. Default 15 s.</summary>
    public TimeSpan ApiTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A Prometheus that takes longer for its whole answer is given up. Default 20 s.</summary>
    public TimeSpan PrometheusTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Most requests in a minute, all servers together, 10 or more. Default 600.</summary>
    public int RequestsPerMinute { get; init; } = 600;

    /// <summary>Folder of the reports; null: none is written.</summary>
    public string? Output { get; init; } = "artifacts";

    /// <summary>Write the report without names and addresses.</summary>
    public bool Redact { get; init; }
}
