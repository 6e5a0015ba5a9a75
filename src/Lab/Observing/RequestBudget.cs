namespace CiliumDebugging.Lab.Observing;

/// <summary>
/// Limits the requests of an observation, to all servers together. Not thread-safe: take requests before starting them.
/// </summary>
/// <param name="perMinute">Most requests in any 60 s, ≥ 1.</param>
/// <param name="time">Time source.</param>
internal sealed class RequestBudget(int perMinute, TimeProvider time)
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    private readonly Queue<long> _taken = new();

    /// <summary>Requests so far.</summary>
    public long Total { get; private set; }

    /// <summary>Shortest time between rounds of this many requests each.</summary>
    public TimeSpan MinInterval(int requests) => s_minute * requests / perMinute;

    /// <summary>
    /// Takes this many requests; waits while the last minute had too many. More than a minute allows are let through
    /// after an idle minute, so that a large cluster is observed slowly instead of never.
    /// </summary>
    public async Task TakeAsync(int requests, CancellationToken cancellationToken)
    {
        while (_taken.Count > 0 && _taken.Count + requests > perMinute)
        {
            var left = s_minute - time.GetElapsedTime(_taken.Peek());
            if (left > TimeSpan.Zero)
                await Task.Delay(left, time, cancellationToken);
            while (_taken.TryPeek(out var first) && time.GetElapsedTime(first) >= s_minute)
                _taken.Dequeue();
        }
        var now = time.GetTimestamp();
        for (var i = 0; i < requests; i++)
            _taken.Enqueue(now);
        Total += requests;
    }
}
