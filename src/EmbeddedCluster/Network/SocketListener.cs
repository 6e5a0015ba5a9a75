using System.Net;
using System.Net.Sockets;

namespace CiliumDebugging.EmbeddedCluster.Network;

/// <summary>Listens on a TCP address and hands over every accepted socket.</summary>
internal sealed class SocketListener : IAsyncDisposable
{
    private const int Backlog = 4096;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(1);
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly Action<Socket> _accepted;
    private readonly bool _waitsForRoom;
    private readonly Task _accepting;

    /// <param name="address">Where to listen; port 0 takes a free one.</param>
    /// <param name="accepted">Takes over each socket; must neither block nor throw.</param>
    /// <param name="waitsForRoom">Whether connections wait in the kernel's queue while the process has too many files
    /// open: right for those that begin here, not for the further way of one that has begun.</param>
    /// <exception cref="SocketException">The port cannot be bound.</exception>
    public SocketListener(IPEndPoint address, Action<Socket> accepted, bool waitsForRoom = false)
    {
        (_accepted, _waitsForRoom) = (accepted, waitsForRoom);
        try
        {
            _socket.Bind(address);
            _socket.Listen(Backlog);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
        Address = (IPEndPoint)_socket.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    public IPEndPoint Address { get; }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var accepted = await _socket.AcceptAsync(_stop.Token);
                if (_waitsForRoom)
                    await WaitForRoomAsync(accepted);
                _accepted(accepted);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // A connection that was reset while it waited in the backlog; the listener itself is sound. Or no file
                // is left, and it waits on.
                await Task.Delay(s_pause, TimeProvider.System, CancellationToken.None);
            }
        }
    }

    private async ValueTask WaitForRoomAsync(Socket accepted)
    {
        try
        {
            await OpenFiles.WaitForRoomAsync(accepted, _stop.Token);
        }
        catch
        {
            accepted.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket.Dispose();
        await _accepting;
        _stop.Dispose();
    }
}
