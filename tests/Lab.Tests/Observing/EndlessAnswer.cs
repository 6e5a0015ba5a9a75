using System.Net.Sockets;
using System.Text;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>Answers that never end. Each goes on until its client hangs up.</summary>
internal static class EndlessAnswer
{
    private static readonly byte[] s_head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"u8.ToArray();

    /// <summary>A body without end, as fast as it is read.</summary>
    public static async Task FloodAsync(Stream stream, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(s_head, cancellationToken);
        var line = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($"# {new string('x', 1000)}\n", 64)));
        while (true)
            await stream.WriteAsync(line, cancellationToken);
    }

    /// <summary>A body of which a byte comes now and then.</summary>
    public static async Task DripAsync(Stream stream, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(s_head, cancellationToken);
        while (true)
        {
            await stream.WriteAsync("#"u8.ToArray(), cancellationToken);
            await Task.Delay(10, cancellationToken);
        }
    }

    /// <summary>Nothing at all.</summary>
    public static async Task SilenceAsync(Stream stream, CancellationToken cancellationToken)
    {
        var nothing = new byte[64];
        while (await stream.ReadAsync(nothing, cancellationToken) > 0)
        {
            // Whatever the client still says is not answered.
        }
    }

    /// <summary>The answer of a name.</summary>
    public static Func<Stream, CancellationToken, Task> Named(string name) =>
        name switch
        {
            "a flood" => FloodAsync,
            "a drip" => DripAsync,
            "silence" => SilenceAsync,
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such answer"),
        };

    /// <summary>Gives an answer until the client or the test has enough of it.</summary>
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
            // It has.
        }
    }
}
