using System.Collections.Concurrent;
using System.Net.Sockets;

namespace CiliumDebugging.EmbeddedCluster.Network;

/// <summary>
/// Runs the handler of every accepted connection. Whatever makes a handler fail, the socket is reset; a failure that is
/// not the end of a connection is logged.
/// </summary>
internal sealed partial class AcceptedConnections(ILogger log)
{
    private readonly ConcurrentDictionary<Task, byte> _running = new();

    /// <summary>Starts the handler, which owns the socket unless it fails.</summary>
    public void Handle(Socket socket, Func<Socket, Task> handler)
    {
        var handling = HandleAsync(socket, handler);
        _running[handling] = 0;
        _ = handling.ContinueWith(
            done => _running.TryRemove(done, out _),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
    }

    /// <summary>Completes when the handlers that run now have ended.</summary>
    public Task WhenAllEnded() => Task.WhenAll(_running.Keys);

    /// <summary>Closes a socket with a reset. Does nothing to one that is closed.</summary>
    public static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Already closed.
        }
        socket.Dispose();
    }

    /// <summary>Whether an exception says that a connection ended or that everything stops.</summary>
    public static bool IsEndOfConnection(Exception e) =>
        e is SocketException or OperationCanceledException or ObjectDisposedException;

    /// <summary>Logs an exception that no end of a connection explains.</summary>
    public void Report(Exception unexpected) => Failed(log, unexpected);

    private async Task HandleAsync(Socket socket, Func<Socket, Task> handler)
    {
        await Task.Yield(); // the accept loop goes on
        try
        {
            socket.NoDelay = true;
            await handler(socket);
        }
        catch (Exception e)
        {
            if (!IsEndOfConnection(e))
                Report(e);
            Reset(socket);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "a connection failed unexpectedly and is closed")]
    private static partial void Failed(ILogger log, Exception exception);
}
