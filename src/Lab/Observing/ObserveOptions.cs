using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Observing;

/// <summary>What <c>observe</c> does.</summary>
/// <param name="Namespace">Namespace of the Service.</param>
/// <param name="Service">Name of the Service.</param>
public sealed record ObserveOptions(string Namespace, string Service)
{
    /// <summary>A Prometheus to read from; null: metrics are scraped through the API server.</summary>
    public PrometheusServer? Prometheus { get; init; }

    /// <summary>Time between scrapes, 1 s or more. Default 5 s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Longest time to observe; with a Prometheus and without <see cref="Watch"/>, how far to look back. Null: 3 min
    /// (10 min of a Prometheus), without end with <see cref="Watch"/>.
    /// </summary>
    public TimeSpan? For { get; init; }

    /// <summary>Continue until skew is found.</summary>
    public bool Watch { get; init; }

    /// <summary>Error probability of each verdict, and tolerance.</summary>
    public VerdictOptions Verdict { get; init; } = VerdictOptions.Default;

    /// <summary>
    /// Counter of the backends for requests that reached them. Default <c>echo_requests</c>; empty: backends are not
    /// scraped.
    /// </summary>
    public string BackendMetric { get; init; } = "echo_requests";

    /// <summary>Port of the backends' <c>/metrics</c>; null: that of the Service's Pods.</summary>
    public int? BackendPort { get; init; }

    /// <summary>A target whose whole answer takes longer is missing from the round. Default 5 s.</summary>
    public TimeSpan TargetTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Limit of a request to the API server. Default 15 s.</summary>
    public TimeSpan ApiTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Most requests in a minute, to all servers together, 10 or more. Default 600.</summary>
    public int RequestsPerMinute { get; init; } = 600;

    /// <summary>Folder of the reports; null: none is written.</summary>
    public string? Output { get; init; } = "artifacts";

    /// <summary>Write the report without names and addresses.</summary>
    public bool Redact { get; init; }
}
