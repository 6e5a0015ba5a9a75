using System.Buffers;
using System.Net.Sockets;

namespace CiliumDebugging.ClusterSetup.Embedded.Network;

/// <summary>Copies bytes between two sockets until both directions have ended.</summary>
internal static class Splice
{
    private const int BufferBytes = 16 * 1024;

    /// <summary>Runs to the end of the connection; a reset of either side resets the other. Neither socket is disposed.</summary>
    public static async Task RunAsync(Socket a, Socket b, CancellationToken cancellationToken)
    {
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var results = await Task.WhenAll(CopyAsync(a, b, broken), CopyAsync(b, a, broken));
        if (!results[0] || !results[1])
        {
            a.LingerState = new LingerOption(true, 0);
            b.LingerState = new LingerOption(true, 0);
        }
    }

    /// <returns>False when the direction ended by a reset.</returns>
    private static async Task<bool> CopyAsync(Socket from, Socket to, CancellationTokenSource broken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (await from.ReceiveAsync(buffer, SocketFlags.None, broken.Token) is > 0 and var count)
            {
                for (var sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), SocketFlags.None, broken.Token);
            }
            to.Shutdown(SocketShutdown.Send);
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            await broken.CancelAsync();
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
