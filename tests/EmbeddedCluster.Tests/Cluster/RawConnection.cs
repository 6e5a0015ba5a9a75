using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>A TCP connection from an address of the test's choice, whose HTTP the test writes itself.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Connects; throws when it is refused.</summary>
    /// <param name="source">The client's address.</param>
    /// <param name="destination">What it connects to.</param>
    /// <param name="port">The client's port; 0: any.</param>
    public static async Task<RawConnection> OpenAsync(IPAddress source, IPEndPoint destination, int port = 0)
    {
        var connection = new RawConnection();
        try
        {
            connection._socket.Bind(new IPEndPoint(source, port));
            await connection._socket.ConnectAsync(destination, TestContext.Current.CancellationToken);
            return connection;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset)
        {
            // It was open, and reset before this side saw it open.
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public Task SendAsync(string text) =>
        _socket
            .SendAsync(Encoding.Latin1.GetBytes(text), SocketFlags.None, TestContext.Current.CancellationToken)
            .AsTask();

    public Task RequestAsync(string method, string body = "") =>
        SendAsync(
            $"{method} /echo HTTP/1.1\r\nHost: backend-1.backend:8080\r\nContent-Length: {body.Length}\r\n\r\n{body}"
        );

    /// <summary>
    /// Reads until the answer contains a text; fails when the connection ends or 5 s pass without it.
    /// </summary>
    public async Task<string> ReadUntilAsync(string text)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(5));
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        while (!answer.ToString().Contains(text, StringComparison.Ordinal))
        {
            var count = await _socket.ReceiveAsync(buffer, SocketFlags.None, limit.Token);
            if (count == 0)
                throw new IOException($"the connection ended after: {answer}");
            answer.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
        return answer.ToString();
    }

    /// <summary>
    /// Bytes until the other side ends the connection, by FIN or reset; fails when it does not within 10 s.
    /// </summary>
    public async Task<int> ReadToEndAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        var (buffer, total) = (new byte[4096], 0);
        try
        {
            while (await _socket.ReceiveAsync(buffer, SocketFlags.None, limit.Token) is > 0 and var count)
                total += count;
        }
        catch (SocketException)
        {
            // A reset ends it too.
        }
        return total;
    }

    /// <summary>Whether neither a byte nor an end has come for a while.</summary>
    public bool IsSilentFor(TimeSpan pause) => !_socket.Poll(pause, SelectMode.SelectRead);

    public void Dispose() => _socket.Dispose();
}
