using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.EmbeddedCluster.Hubble;

namespace CiliumDebugging.EmbeddedCluster.Proxy;

/// <summary>
/// A connection that policy redirected to a node proxy, as a connection feature: its route with the original 4-tuple,
/// and the upstream connections that belong to it (one handler per downstream connection, as Envoy's pool with the
/// original source).
/// </summary>
internal sealed class ProxiedConnection : IEstablishedFlow, IDisposable
{
    private readonly EstablishedFlows? _established;
    private SocketHold? _accepted;
    private volatile HttpRuleSet? _rules;
    private volatile string? _dropped;
    private volatile bool _isReset;

    /// <param name="hop">The decision that led here.</param>
    /// <param name="accepted">The place of the accepted socket.</param>
    /// <param name="upstream">Its upstream connections.</param>
    /// <param name="proxy">The node's proxy.</param>
    /// <param name="established">Where it is entered, so that changes of policy reach it.</param>
    public ProxiedConnection(
        in Hop hop,
        SocketHold? accepted,
        HttpMessageInvoker upstream,
        NodeProxy proxy,
        EstablishedFlows? established = null
    )
    {
        (Hop, _rules, _accepted) = (hop, hop.HttpRules, accepted);
        (Upstream, Proxy, _established) = (upstream, proxy, established);
        _established?.Add(this);
    }

    public Hop Hop { get; }

    public NodeProxy Proxy { get; }

    public HttpMessageInvoker Upstream { get; }

    /// <summary>The present HTTP rules: Envoy looks them up for each request. Null: every request passes.</summary>
    public HttpRuleSet? Rules => _rules;

    /// <summary>Why policy drops what the client sends; null: it does not.</summary>
    public string? Dropped => _dropped;

    /// <summary>Whether what the client sends resets the connection.</summary>
    public bool IsReset => _isReset;

    /// <summary><c>egress</c> or <c>ingress</c>.</summary>
    public string Direction => Hop.Action is HopAction.ToEgressProxy ? "egress" : "ingress";

    public string SourceName => Hop.Source?.HubbleName ?? "host";

    public string DestinationName => Hop.Destination!.HubbleName;

    public HttpPass Pass(string method, string protocol) =>
        new(SourceName, DestinationName, Direction, method, protocol);

    public void Allow(HttpRuleSet? rules) => _rules = rules;

    public void Drop(string reason) => _dropped = reason;

    public void Reset() => _isReset = true;

    public void Dispose()
    {
        _established?.Remove(this);
        Interlocked.Exchange(ref _accepted, null)?.Dispose();
        Upstream.Dispose();
    }
}
