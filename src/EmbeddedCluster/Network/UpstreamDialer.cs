using System.Net;
using System.Net.Sockets;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.EmbeddedCluster.Proxy;

namespace CiliumDebugging.EmbeddedCluster.Network;

/// <summary>
/// Opens the upstream connections of node proxies: asks the core for each one, and lets it fail as the kernel would.
/// </summary>
internal sealed class UpstreamDialer : IAsyncDisposable
{
    private const int FirstProxyPort = 32_768;
    private const int LastProxyPort = 60_999;

    private readonly LiveDatapath _datapath;
    private readonly InterNodeLink<(Hop Hop, SocketHold? Hold)> _link;
    private readonly AcceptedConnections _connections;
    private int _lastPort;

    public UpstreamDialer(LiveDatapath datapath, IPAddress linkAddress, AcceptedConnections connections)
    {
        (_datapath, _connections) = (datapath, connections);
        _link = new(linkAddress, connections, (socket, next) => datapath.FollowAsync(socket, next.Hop, next.Hold));
    }

    /// <summary>The upstream connections of one downstream connection.</summary>
    public HttpMessageInvoker CreateInvoker(Hop accepted)
    {
        var last = new LastFailure();
        return new(
            new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                AutomaticDecompression = DecompressionMethods.None,
                ConnectTimeout = Timeout.InfiniteTimeSpan, // the datapath's own, proxy-connect-timeout, applies
                ActivityHeadersPropagator = null, // the pass forwards the trace context itself
                ConnectCallback = (context, cancellationToken) =>
                    ConnectAsync(accepted, context.InitialRequestMessage, last, cancellationToken),
            }
        );
    }

    private async ValueTask<Stream> ConnectAsync(
        Hop accepted,
        HttpRequestMessage request,
        LastFailure last,
        CancellationToken cancellationToken
    )
    {
        // Streams that waited for the same HTTP/2 connection fail with it, as in Envoy; the handler would connect anew
        // for each, one after the other.
        if (request.Options.TryGetValue(UpstreamFailureException.WaitingSince, out var since) && since < last.At)
            throw new UpstreamFailureException(last.Reason);
        try
        {
            return await ConnectAsync(accepted, cancellationToken);
        }
        catch (UpstreamFailureException e)
        {
            (last.Reason, last.At) = (e.Reason, _datapath.Time.GetTimestamp());
            throw;
        }
    }

    private async ValueTask<Stream> ConnectAsync(Hop accepted, CancellationToken cancellationToken)
    {
        try
        {
            return accepted.Action is HopAction.ToEgressProxy
                ? await FromEgressProxyAsync(accepted, cancellationToken)
                : await FromIngressProxyAsync(accepted, cancellationToken);
        }
        catch (SocketException)
        {
            throw new UpstreamFailureException(UpstreamFailureReason.ConnectionFailure);
        }
        catch (Exception e) when (e is not (UpstreamFailureException or OperationCanceledException))
        {
            // The forwarder would make a 503 of it, which no proxy of a real cluster gives.
            _connections.Report(e);
            throw;
        }
    }

    private async ValueTask<Stream> FromEgressProxyAsync(Hop accepted, CancellationToken cancellationToken)
    {
        var (path, source) = (_datapath.Path, ProxySource(accepted.Node!));
        var route = path.ConnectFromEgressProxy(_datapath.Cluster, accepted, source, out var connecting, out var hold);
        try
        {
            if (route.Action is HopAction.ToIngressProxy)
            {
                var (socket, id) = await _link.DialAsync((route, hold), cancellationToken);
                // Closed before the ingress proxy has accepted it: only here its socket's place can be given back.
                return new UpstreamStream(socket, connecting, closing: () =>
                {
                    if (_link.TryTakeBack(id))
                        hold?.Dispose();
                });
            }
            if (route.Action is not HopAction.ToPod)
                await FailAsync(accepted, route, cancellationToken);
            var direct = await DialPodAsync(route, cancellationToken);
            // Past the egress policy, and not yet past the ingress policy's next change.
            return new UpstreamStream(direct, connecting, route, _datapath.Established);
        }
        catch
        {
            connecting?.Dispose();
            hold?.Dispose();
            throw;
        }
    }

    private async ValueTask<Stream> FromIngressProxyAsync(Hop accepted, CancellationToken cancellationToken)
    {
        var (path, source) = (_datapath.Path, ProxySource(accepted.Node!));
        var route = path.ConnectFromIngressProxy(_datapath.Cluster, accepted, source, out var connecting);
        try
        {
            if (route.Action is not HopAction.ToPod)
                await FailAsync(accepted, route, cancellationToken);
            return new UpstreamStream(await DialPodAsync(route, cancellationToken), connecting);
        }
        catch
        {
            connecting?.Dispose();
            throw;
        }
    }

    private ValueTask<Socket> DialPodAsync(Hop route, CancellationToken cancellationToken) =>
        _datapath.DialPodAsync(route.Backend.Address, route.Backend.Port, route.Wire.Source, cancellationToken);

    /// <summary>
    /// Fails as the kernel would: at once, or after the connect timeout of the proxy's agent when the SYN is never
    /// answered. While it waits the request is a pending one of its cluster.
    /// </summary>
    private async ValueTask FailAsync(Hop accepted, Hop route, CancellationToken cancellationToken)
    {
        if (route.Action is HopAction.AddressNotAvailable)
            throw new UpstreamFailureException(UpstreamFailureReason.AddressNotAvailable);
        if (route.Action is HopAction.Drop or HopAction.LostAtRedirect)
        {
            var node = accepted.Node!;
            var direction = accepted.Action is HopAction.ToEgressProxy ? "egress" : "ingress";
            var cluster = _datapath.Proxy(node.Name).Cluster(direction);
            if (!cluster.TryStartPending(node.Config.ProxyMaxPendingRequests))
                throw new UpstreamFailureException(UpstreamFailureReason.Overflow);
            try
            {
                _datapath.CountDrop(route);
                await Task.Delay(node.Config.ProxyConnectTimeout, _datapath.Time, cancellationToken);
            }
            finally
            {
                cluster.EndPending();
            }
        }
        throw new UpstreamFailureException(UpstreamFailureReason.ConnectionFailure);
    }

    /// <summary>The proxy's own address with the next port of the client port range.</summary>
    private TcpEndpoint ProxySource(NodeDatapath node) =>
        new(
            node.Address,
            (ushort)(FirstProxyPort + (uint)Interlocked.Increment(ref _lastPort) % (LastProxyPort - FirstProxyPort + 1))
        );

    public ValueTask DisposeAsync() => _link.DisposeAsync();

    /// <summary>The last failure of a downstream connection's upstream connection. The handler makes one attempt at a
    /// time for HTTP/2; with HTTP/1.1 there is one request at a time.</summary>
    private sealed class LastFailure
    {
        public UpstreamFailureReason Reason { get; set; }

        /// <summary>When it failed, as a timestamp of the datapath's clock; the beginning of time before
        /// that.</summary>
        public long At { get; set; } = long.MinValue;
    }
}
