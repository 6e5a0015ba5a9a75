using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>
/// A request from a Pod's address to an address of the cluster every 20 ms, on fresh connections, and what became of
/// each.
/// </summary>
internal sealed class Traffic : IAsyncDisposable
{
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Answer> _answers = new();
    private readonly Task _running;

    /// <summary>One request.</summary>
    /// <param name="Started">When, in ticks of <see cref="Stopwatch"/>.</param>
    /// <param name="Status">HTTP status; 0 for none.</param>
    /// <param name="Pod">Who answered, when it was a Pod.</param>
    public sealed record Answer(long Started, int Status, string? Pod);

    public Traffic(IPAddress source, IPEndPoint destination, string method = "POST") =>
        _running = RunAsync(source, destination, method);

    /// <summary>All answers so far, in the order in which they came.</summary>
    public IReadOnlyCollection<Answer> Answers => _answers;

    private async Task RunAsync(IPAddress source, IPEndPoint destination, string method)
    {
        var sending = new List<Task>();
        while (!_stop.IsCancellationRequested)
        {
            sending.Add(SendAsync(source, destination, method));
            sending.RemoveAll(t => t.IsCompleted);
            await Task.Delay(s_period).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(sending);
    }

    private async Task SendAsync(IPAddress source, IPEndPoint destination, string method)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            using var connection = await RawConnection.OpenAsync(source, destination);
            await connection.RequestAsync(method, "x");
            var head = await connection.ReadUntilAsync("\r\n\r\n");
            var pod = head.Split("\r\n")
                .FirstOrDefault(l => l.StartsWith("X-Pod: ", StringComparison.OrdinalIgnoreCase))
                ?[7..];
            _answers.Enqueue(new Answer(started, int.Parse(head.AsSpan(9, 3), CultureInfo.InvariantCulture), pod));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            _answers.Enqueue(new Answer(started, 0, null));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }
}
