using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>An HTTP/2 server with prior knowledge, frame by frame (RFC 9113), so that a test says what becomes of each
/// stream. Its connections are numbered from 0.</summary>
internal sealed class Http2Server : IAsyncDisposable
{
    private const byte Data = 0,
        Headers = 1,
        RstStream = 3,
        Settings = 4,
        GoAway = 7;

    private const byte EndStream = 1,
        Acknowledged = 1,
        EndHeaders = 4;

    private readonly TestServer _server;
    private int _connections,
        _requests;

    /// <param name="answer">Called for each request, one at a time for each connection.</param>
    public Http2Server(Func<Stream, Task> answer)
    {
        _server = new TestServer((socket, stop) => ServeAsync(socket, answer, stop));
    }

    public IPEndPoint EndPoint => _server.EndPoint;

    /// <summary>Connections that began with the preface of HTTP/2.</summary>
    public int Connections => _connections;

    /// <summary>Requests that arrived whole.</summary>
    public int Requests => _requests;

    public IEnumerable<int> ClientPorts => _server.Clients.Select(client => client.Port);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task ServeAsync(Socket socket, Func<Stream, Task> answer, CancellationToken stop)
    {
        var preface = new byte[24];
        if (
            await ReadAsync(socket, preface, stop)
            && Encoding.ASCII.GetString(preface) != "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        )
            return;
        var connection = Interlocked.Increment(ref _connections) - 1;
        await WriteAsync(socket, Settings, 0, 0, [], stop);
        var (head, onConnection) = (new byte[9], 0);
        while (await ReadAsync(socket, head, stop))
        {
            var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
            await ReadAsync(socket, payload, stop);
            var (type, flags) = (head[3], head[4]);
            if (type is Settings && (flags & Acknowledged) == 0)
                await WriteAsync(socket, Settings, Acknowledged, 0, [], stop);
            if (type is not (Data or Headers) || (flags & EndStream) == 0)
                continue;
            Interlocked.Increment(ref _requests);
            var id = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5));
            await answer(new Stream(socket, id, connection, onConnection++, stop));
        }
    }

    private static async Task<bool> ReadAsync(Socket socket, Memory<byte> into, CancellationToken stop)
    {
        for (var read = 0; read < into.Length; )
        {
            var count = await socket.ReceiveAsync(into[read..], stop);
            if (count == 0)
                return false;
            read += count;
        }
        return true;
    }

    private static async Task WriteAsync(
        Socket socket,
        byte type,
        byte flags,
        int stream,
        byte[] payload,
        CancellationToken stop
    )
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        await socket.SendAsync(frame, stop);
    }

    /// <summary>A request's stream.</summary>
    /// <param name="Socket">Its connection.</param>
    /// <param name="Id">Its identifier.</param>
    /// <param name="Connection">Number of the connection.</param>
    /// <param name="Number">Which request on the connection it is, from 0.</param>
    /// <param name="Stop">The server ends.</param>
    internal sealed record Stream(Socket Socket, int Id, int Connection, int Number, CancellationToken Stop)
    {
        /// <summary>200 with the body <c>foo</c>; the responding Pod is named after the connection.</summary>
        public async Task AnswerAsync()
        {
            // HPACK (RFC 7541): the indexed :status 200, then a literal header field without indexing.
            var pod = Encoding.ASCII.GetBytes($"pod-{Connection}");
            byte[] headers = [0x88, 0x00, 5, .. "x-pod"u8, (byte)pod.Length, .. pod];
            await WriteAsync(Socket, Headers, EndHeaders, Id, headers, Stop);
            await WriteAsync(Socket, Data, EndStream, Id, "foo"u8.ToArray(), Stop);
        }

        public Task ResetAsync(int code) => WriteAsync(Socket, RstStream, 0, Id, [0, 0, 0, (byte)code], Stop);

        /// <summary>Ends the connection for all streams after this one.</summary>
        public Task GoAwayAsync(int code = 0, bool alsoThisStream = false)
        {
            var payload = new byte[8];
            BinaryPrimitives.WriteInt32BigEndian(payload, alsoThisStream ? Math.Max(0, Id - 2) : Id);
            payload[7] = (byte)code;
            return WriteAsync(Socket, GoAway, 0, 0, payload, Stop);
        }
    }
}
