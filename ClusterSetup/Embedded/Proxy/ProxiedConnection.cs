using CiliumDebugging.ClusterSetup.Embedded.Datapath.Forwarding;
using CiliumDebugging.ClusterSetup.Embedded.Hubble;

namespace CiliumDebugging.ClusterSetup.Embedded.Proxy;

/// <summary>
/// A connection that policy redirected to a node proxy, as a connection feature: its route with the original 4-tuple, and the upstream connections that belong to it
/// (one handler per downstream connection, as Envoy's pool with the original source).
/// </summary>
internal sealed class ProxiedConnection(in Hop route, SocketHold? accepted, HttpMessageInvoker upstream, NodeProxy proxy) : IDisposable
{
    private SocketHold? _accepted = accepted;

    public Hop Hop { get; } = route;

    public NodeProxy Proxy { get; } = proxy;

    public HttpMessageInvoker Upstream { get; } = upstream;

    /// <summary><c>egress</c> or <c>ingress</c>.</summary>
    public string Direction => Hop.Action is HopAction.ToEgressProxy ? "egress" : "ingress";

    public string SourceName => Hop.Source?.HubbleName ?? "host";

    public string DestinationName => Hop.Destination!.HubbleName;

    public HttpPass Pass(string method, string protocol) => new(SourceName, DestinationName, Direction, method, protocol);

    public void Dispose()
    {
        Interlocked.Exchange(ref _accepted, null)?.Dispose();
        Upstream.Dispose();
    }
}
