using System.Net;
using System.Net.Sockets;
using CiliumDebugging.Datapath.Addresses;

namespace CiliumDebugging.EmbeddedCluster.Network;

/// <summary>Accepts connections to one Pod or Service address and port.</summary>
internal sealed class VirtualListener : IDisposable
{
    private const int Backlog = 4096;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly TcpEndpoint _address;
    private readonly Action<Socket, TcpEndpoint> _accepted;
    private readonly Task _accepting;

    /// <summary>Listens.</summary>
    /// <param name="address">Virtual address and port.</param>
    /// <param name="portOffset">Added to the port where it is really bound.</param>
    /// <param name="accepted">Called for every connection with the virtual address that was dialled; must not block.</param>
    /// <exception cref="SocketException">The port cannot be bound.</exception>
    public VirtualListener(TcpEndpoint address, int portOffset, Action<Socket, TcpEndpoint> accepted)
    {
        (_address, _accepted) = (address, accepted);
        try
        {
            _socket.Bind(new IPEndPoint(TcpEndpoint.ToIPAddress(address.Address), address.Port + portOffset));
            _socket.Listen(Backlog);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
        _accepting = AcceptAsync();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var socket = await _socket.AcceptAsync(_stop.Token);
                socket.NoDelay = true;
                _accepted(socket, _address);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // A connection that was reset while it waited in the backlog; the listener itself is sound.
            }
        }
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        _socket.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    public void Dispose()
    {
        _stop.Cancel();
        _socket.Dispose();
    }
}
