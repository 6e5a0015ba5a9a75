using System.Net.Sockets;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.EmbeddedCluster.Proxy;

namespace CiliumDebugging.EmbeddedCluster.Network;

/// <summary>
/// A proxy's upstream connection. It gives its place in the socket table back when it is closed, with a reset, so that
/// no TIME_WAIT uses up the ports of this machine.
/// </summary>
internal sealed class UpstreamStream : NetworkStream, IEstablishedFlow
{
    private readonly SocketHold? _hold;
    private readonly EstablishedFlows? _established;
    private readonly Action? _closing;
    private volatile bool _isDropped;
    private volatile bool _isReset;

    /// <param name="socket">The connection.</param>
    /// <param name="hold">The place of the proxy's socket.</param>
    /// <param name="hop">
    /// The decision by which it was established; only needed with <paramref name="established"/>.
    /// </param>
    /// <param name="established">Where it is entered, when a change of policy can still end it.</param>
    /// <param name="closing">Called when it is closed.</param>
    public UpstreamStream(
        Socket socket,
        SocketHold? hold,
        Hop hop = default,
        EstablishedFlows? established = null,
        Action? closing = null
    )
        : base(socket, ownsSocket: true)
    {
        (_hold, Hop, _established, _closing) = (hold, hop, established, closing);
        _established?.Add(this);
    }

    public Hop Hop { get; }

    public void Allow(HttpRuleSet? rules) { }

    public void Drop(string reason) => _isDropped = true;

    public void Reset() => _isReset = true;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isReset)
        {
            Socket.Close(timeout: 0);
            return ValueTask.FromException(new IOException("reset: a policy sends this connection to a proxy now"));
        }
        return _isDropped ? ValueTask.CompletedTask : base.WriteAsync(buffer, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _established?.Remove(this);
            _hold?.Dispose();
            _closing?.Invoke();
            if (Socket.Connected)
                Socket.LingerState = new LingerOption(true, 0);
        }
        base.Dispose(disposing);
    }
}
