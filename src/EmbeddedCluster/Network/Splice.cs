using System.Buffers;
using System.Net.Sockets;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.EmbeddedCluster.Proxy;

namespace CiliumDebugging.EmbeddedCluster.Network;

/// <summary>
/// A connection straight to a Pod: copies bytes between two sockets until both directions have ended. Neither socket is
/// disposed.
/// </summary>
/// <param name="client">The client's socket.</param>
/// <param name="pod">The socket to the Pod.</param>
/// <param name="hop">The decision by which it was established.</param>
/// <param name="lost">
/// Called for what the client sends after policy has dropped the connection, with the reason.
/// </param>
internal sealed class Splice(Socket client, Socket pod, Hop hop, Action<string> lost) : IEstablishedFlow, IDisposable
{
    private const int BufferBytes = 16 * 1024;
    private readonly CancellationTokenSource _broken = new();
    private volatile string? _dropped;
    private volatile bool _isReset;

    public Hop Hop => hop;

    public void Allow(HttpRuleSet? rules) { }

    public void Drop(string reason) => _dropped = reason;

    public void Reset() => _isReset = true;

    /// <summary>Runs to the end of the connection; a reset of either side resets the other.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var stop = cancellationToken.UnsafeRegister(
            static state => ((CancellationTokenSource)state!).Cancel(),
            _broken
        );
        var results = await Task.WhenAll(
            CopyAsync(client, pod, fromClient: true),
            CopyAsync(pod, client, fromClient: false)
        );
        if (results[0] && results[1])
            return;
        client.LingerState = new LingerOption(true, 0);
        pod.LingerState = new LingerOption(true, 0);
    }

    /// <returns>False when the direction ended by a reset.</returns>
    private async Task<bool> CopyAsync(Socket from, Socket to, bool fromClient)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (await from.ReceiveAsync(buffer, SocketFlags.None, _broken.Token) is > 0 and var count)
            {
                if (fromClient && _isReset)
                {
                    await _broken.CancelAsync();
                    return false;
                }
                if (fromClient && _dropped is { } reason)
                {
                    lost(reason);
                    continue;
                }
                for (var sent = 0; sent < count; )
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), SocketFlags.None, _broken.Token);
            }
            // The client of a dropped connection has given up. On a real cluster the Pod does not learn it; here its
            // process would wait for ever.
            if (fromClient && _dropped is not null)
                await _broken.CancelAsync();
            else
                to.Shutdown(SocketShutdown.Send);
            return true;
        }
        catch (Exception e)
        {
            await _broken.CancelAsync();
            if (AcceptedConnections.IsEndOfConnection(e))
                return false;
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose() => _broken.Dispose();
}
