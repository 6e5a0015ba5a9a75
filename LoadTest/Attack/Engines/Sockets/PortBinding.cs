using System.Net;
using System.Net.Sockets;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines.Sockets;

/// <summary>Connects sockets from the plan's source address and ports, one connection at a time.</summary>
internal sealed class PortBinding(AttackPlan plan, SharedPorts ports)
{
    private int _bound;
    private bool _isOpen;

    /// <summary>Client port of the connection, or the one tried last; 0 for none.</summary>
    public int SourcePort { get; private set; }

    /// <summary>Number of the connection; -1 before there is one.</summary>
    public long Number { get; private set; } = -1;

    /// <summary>Forgets the last connection and gives its port back; its socket must be closed.</summary>
    public void Release()
    {
        ports.Release(_bound);
        _bound = 0;
        if (_isOpen)
            ports.Closed();
        _isOpen = false;
    }

    /// <summary>Connects; draws further ports while the kernel refuses them.</summary>
    /// <returns>The socket, or null when no port was to be had.</returns>
    /// <exception cref="SocketException">The connect failed for another reason.</exception>
    public async Task<Socket?> ConnectAsync(IPEndPoint endPoint, CancellationToken deadline)
    {
        (SourcePort, Number) = (0, -1);
        for (var draw = 0; draw < ClientPorts.MaxDraws && ports.TryTake(out _bound); draw++)
        {
            Socket? socket = null;
            try
            {
                _isOpen = ports.TryOpen();
                if (!_isOpen)
                    throw new SocketException((int)SocketError.TooManyOpenSockets);
                socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                Bind(socket);
                await socket.ConnectAsync(endPoint, deadline);
                Number = ports.NextConnection();
                SourcePort = ((IPEndPoint)socket.LocalEndPoint!).Port;
                return socket;
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                var bound = socket is { IsBound: true };
                socket?.Dispose();
                Release();
                var errno = e is SocketException failed ? Errno.FromSocketException(failed) : 0;
                if (ports.IsKernel && errno == Errno.Eaddrnotavail)
                    return null;
                // bind says EADDRNOTAVAIL for an address that is not this machine's (no port can help), connect for a
                // 4-tuple that is taken.
                if (ports.IsKernel || !(errno == Errno.Eaddrinuse || (errno == Errno.Eaddrnotavail && bound)))
                    throw;
            }
        }
        return null;
    }

    private void Bind(Socket socket)
    {
        if (ports.IsKernel)
            return;
        SourcePort = _bound;
        var any = socket.AddressFamily is AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        socket.Bind(new IPEndPoint(plan.SourceAddress ?? any, _bound));
    }
}
