using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>A small TCP server on loopback whose every connection runs the given behaviour, friendly or
/// hostile.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _connections = new();
    private readonly Task _accepting;
    private int _accepted;

    public TestServer(Func<Socket, CancellationToken, Task> behaviour, string address = "127.0.0.1")
    {
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        // Outside the client port range, or a client's bind could take the port of a later server.
        for (var tries = 0; ; tries++)
        {
            try
            {
                _listener.Bind(new IPEndPoint(IPAddress.Parse(address), Random.Shared.Next(10_000, 30_000)));
                break;
            }
            catch (SocketException) when (tries < 100) { }
        }
        _listener.Listen(1024);
        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = AcceptAsync(behaviour);
    }

    public IPEndPoint EndPoint { get; }

    public int Accepted => _accepted;

    public ConcurrentQueue<IPEndPoint> Clients { get; } = new();

    /// <summary>Answers every request of a connection with these bytes, until the client closes.</summary>
    public static Func<Socket, CancellationToken, Task> Answering(string response, bool close = true) =>
        async (socket, stop) =>
        {
            var bytes = Encoding.Latin1.GetBytes(response);
            while (await ReadRequestAsync(socket, stop))
            {
                await socket.SendAsync(bytes, stop);
                if (close)
                    return;
            }
        };

    public static string Ok(string body = "foo", string headers = "X-Pod: pod-1\r\nX-Node: node-1\r\n") =>
        $"HTTP/1.1 200 OK\r\n{headers}Content-Length: {body.Length}\r\n\r\n{body}";

    /// <summary>Reads one request (headers, and a body by Content-Length); false when the client has closed.</summary>
    public static async Task<bool> ReadRequestAsync(Socket socket, CancellationToken stop)
    {
        var text = new StringBuilder();
        var buffer = new byte[8192];
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer, stop);
            if (read == 0)
                return false;
            text.Append(Encoding.Latin1.GetString(buffer, 0, read));
            var all = text.ToString();
            var end = all.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
                continue;
            var at = all.IndexOf("Content-Length: ", StringComparison.Ordinal);
            var length =
                at < 0
                    ? 0
                    : int.Parse(
                        all[(at + 16)..all.IndexOf('\r', at)],
                        System.Globalization.CultureInfo.InvariantCulture
                    );
            if (all.Length >= end + 4 + length)
                return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_connections.Keys);
        _stop.Dispose();
    }

    private async Task AcceptAsync(Func<Socket, CancellationToken, Task> behaviour)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptAsync(_stop.Token);
                Interlocked.Increment(ref _accepted);
                Clients.Enqueue((IPEndPoint)socket.RemoteEndPoint!);
                var task = ServeAsync(socket, behaviour);
                _connections.TryAdd(task, 0);
                _ = task.ContinueWith(ended => _connections.TryRemove(ended, out _), TaskScheduler.Default);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { }
        }
    }

    private async Task ServeAsync(Socket socket, Func<Socket, CancellationToken, Task> behaviour)
    {
        using (socket)
        {
            try
            {
                await Task.Yield();
                await behaviour(socket, _stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException) { }
        }
    }
}
