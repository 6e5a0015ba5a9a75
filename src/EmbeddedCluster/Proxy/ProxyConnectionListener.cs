using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace CiliumDebugging.EmbeddedCluster.Proxy;

/// <summary>
/// The name under which Kestrel binds the node proxies, which listen on no address: the datapath hands them sockets.
/// </summary>
internal sealed class RedirectEndPoint : EndPoint
{
    public override string ToString() => "redirected-connections";
}

/// <summary>
/// Kestrel's transport of the node proxies: a connection comes in when the datapath redirects one, with its route as a
/// feature, and never from a listening socket.
/// </summary>
internal sealed class ProxyConnectionListener : IConnectionListenerFactory, IConnectionListener
{
    /// <summary>
    /// Connections accepted by the datapath that Kestrel has not picked up yet. A full queue makes the datapath wait.
    /// </summary>
    private const int QueueLength = 4096;

    private readonly Channel<ConnectionContext> _queue = Channel.CreateBounded<ConnectionContext>(
        new BoundedChannelOptions(QueueLength) { SingleReader = true }
    );
    private readonly SocketConnectionContextFactory _sockets = new(
        new SocketConnectionFactoryOptions(),
        NullLogger.Instance
    );

    public EndPoint EndPoint { get; } = new RedirectEndPoint();

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IConnectionListener>(this);

    /// <summary>
    /// Gives an accepted socket to the proxies. The connection owns the socket and the feature from here on.
    /// </summary>
    public async Task RedirectAsync(Socket accepted, ProxiedConnection proxied, CancellationToken cancellationToken)
    {
        ConnectionContext connection;
        try
        {
            connection = _sockets.Create(accepted);
        }
        catch
        {
            proxied.Dispose();
            throw;
        }
        connection.Features.Set(proxied);
        connection.ConnectionClosed.UnsafeRegister(static state => ((ProxiedConnection)state!).Dispose(), proxied);
        try
        {
            await _queue.Writer.WriteAsync(connection, cancellationToken);
        }
        catch (Exception e)
        {
            await CloseAsync(connection);
            if (e is not (ChannelClosedException or OperationCanceledException))
                throw;
        }
    }

    private static async ValueTask CloseAsync(ConnectionContext connection)
    {
        connection.Features.Get<ProxiedConnection>()?.Dispose();
        await connection.DisposeAsync();
    }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await _queue.Reader.WaitToReadAsync(cancellationToken) && _queue.Reader.TryRead(out var connection)
            ? connection
            : null;

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _queue.Writer.TryComplete();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        while (_queue.Reader.TryRead(out var waiting))
            await CloseAsync(waiting);
        _sockets.Dispose();
    }
}
