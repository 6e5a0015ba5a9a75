using System.Text;

namespace CiliumDebugging.EmbeddedCluster.Hubble;

/// <summary>
/// What a node's proxy counts of its attempts, apart from the requests that Hubble counts, under Envoy's own names. The clusters are cilium-envoy's: <c>egress-cluster</c> and <c>ingress-cluster</c>.
/// Envoy has no label <c>reason</c> on its retries; here it tells those that a backend's 5xx caused from those after a connection that did not come about.
/// </summary>
public sealed class EnvoyMetrics
{
    private const string Cluster = "envoy_cluster_name";

    private readonly CounterFamily<string> _attempts = new(
        "envoy_cluster_upstream_rq_total",
        "Attempts, the first of each request included",
        [Cluster],
        c => [c]
    );
    private readonly CounterFamily<(string Cluster, string Reason)> _retries = new(
        "envoy_cluster_upstream_rq_retry",
        "Attempts after the first",
        [Cluster, "reason"],
        l => [l.Cluster, l.Reason]
    );
    private readonly CounterFamily<string> _spent = new(
        "envoy_cluster_upstream_rq_retry_overflow",
        "Retries not made because the budget was spent",
        [Cluster],
        c => [c]
    );
    private readonly CounterFamily<string> _overflow = new(
        "envoy_cluster_upstream_rq_pending_overflow",
        "Requests refused because too many were pending",
        [Cluster],
        c => [c]
    );

    /// <summary>Counts an attempt.</summary>
    /// <param name="direction"><c>egress</c> or <c>ingress</c>.</param>
    public void Attempt(string direction) => _attempts.Increment(Name(direction));

    /// <summary>Counts the decision to repeat a request.</summary>
    /// <param name="direction"><c>egress</c> or <c>ingress</c>.</param>
    /// <param name="afterAnswer">Whether a 5xx is thrown away for it; otherwise there was no answer.</param>
    public void Retry(string direction, bool afterAnswer) =>
        _retries.Increment((Name(direction), afterAnswer ? "5xx" : "connect-failure"));

    /// <summary>Counts a retry for which the budget had no room.</summary>
    /// <param name="direction"><c>egress</c> or <c>ingress</c>.</param>
    public void BudgetSpent(string direction) => _spent.Increment(Name(direction));

    /// <summary>Counts a request that was refused because too many were pending.</summary>
    /// <param name="direction"><c>egress</c> or <c>ingress</c>.</param>
    public void Overflow(string direction) => _overflow.Increment(Name(direction));

    /// <summary>Writes all families in the Prometheus text format.</summary>
    public void Render(StringBuilder text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _attempts.Render(text);
        _retries.Render(text);
        _spent.Render(text);
        _overflow.Render(text);
    }

    private static string Name(string direction) => direction == "egress" ? "egress-cluster" : "ingress-cluster";
}
