using System.Net.Sockets;
using System.Text;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>Answers that end only when the client closes the connection.</summary>
internal static class EndlessAnswer
{
    private static readonly byte[] s_head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"u8.ToArray();

    /// <summary>An endless body, as fast as it is read.</summary>
    public static async Task FloodAsync(Stream stream, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(s_head, cancellationToken);
        var line = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($"# {new string('x', 1000)}\n", 64)));
        while (true)
            await stream.WriteAsync(line, cancellationToken);
    }

    /// <summary>A body of single bytes with pauses.</summary>
    public static async Task DripAsync(Stream stream, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(s_head, cancellationToken);
        while (true)
        {
            await stream.WriteAsync("#"u8.ToArray(), cancellationToken);
            await Task.Delay(10, cancellationToken);
        }
    }

    /// <summary>No answer.</summary>
    public static async Task SilenceAsync(Stream stream, CancellationToken cancellationToken)
    {
        var nothing = new byte[64];
        while (await stream.ReadAsync(nothing, cancellationToken) > 0)
        {
            // Further requests are not answered.
        }
    }

    /// <summary>An answer by its name.</summary>
    public static Func<Stream, CancellationToken, Task> Named(string name) =>
        name switch
        {
            "a flood" => FloodAsync,
            "a drip" => DripAsync,
            "silence" => SilenceAsync,
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such answer"),
        };

    /// <summary>Writes an answer until the client or the test ends it.</summary>
    public static async Task GiveAsync(
        Func<Stream, CancellationToken, Task> answer,
        Stream stream,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await answer(stream, cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // Ended.
        }
    }
}
