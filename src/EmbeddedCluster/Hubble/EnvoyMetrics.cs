using System.Text;

namespace CiliumDebugging.EmbeddedCluster.Hubble;

/// <summary>
/// What a node's proxy counts of its attempts, apart from the requests that Hubble counts, under Envoy's own names. The
/// clusters are cilium-envoy's: <c>egress-cluster</c> and <c>ingress-cluster</c>; a direction is <c>egress</c> or
/// <c>ingress</c>. Envoy has no label <c>reason</c> on its retries. Here it distinguishes those that a backend's 5xx
/// caused from those after a failed connection.
/// </summary>
public sealed class EnvoyMetrics
{
    private const string Cluster = "envoy_cluster_name";

    private readonly CounterFamily<string> _attempts = Counter(
        "upstream_rq_total",
        "Attempts, the first of each request included"
    );
    private readonly CounterFamily<(string Cluster, string Reason)> _retries = new(
        "envoy_cluster_upstream_rq_retry",
        "Attempts after the first",
        [Cluster, "reason"],
        l => [l.Cluster, l.Reason]
    );
    private readonly CounterFamily<string> _spent = Counter(
        "upstream_rq_retry_overflow",
        "Retries not made because the budget was spent"
    );
    private readonly CounterFamily<string> _overflow = Counter(
        "upstream_rq_pending_overflow",
        "Requests refused because too many were pending"
    );

    private static CounterFamily<string> Counter(string name, string help) =>
        new("envoy_cluster_" + name, help, [Cluster], c => [c]);

    public void Attempt(string direction) => _attempts.Increment(Name(direction));

    /// <summary>
    /// Counts the decision to repeat a request, in place of a 5xx (<paramref name="afterAnswer"/>) or without an
    /// answer.
    /// </summary>
    public void Retry(string direction, bool afterAnswer) =>
        _retries.Increment((Name(direction), afterAnswer ? "5xx" : "connect-failure"));

    /// <summary>Counts a retry for which the budget had no room.</summary>
    public void BudgetSpent(string direction) => _spent.Increment(Name(direction));

    /// <summary>Counts a request that was refused because too many were pending.</summary>
    public void Overflow(string direction) => _overflow.Increment(Name(direction));

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
