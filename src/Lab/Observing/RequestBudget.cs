namespace CiliumDebugging.Lab.Observing;

/// <summary>How many requests observing may make in a minute, on all servers together. Not thread-safe: requests are taken before they are started.</summary>
/// <param name="perMinute">Most requests in any 60 s, ≥ 1.</param>
/// <param name="time">Time source.</param>
internal sealed class RequestBudget(int perMinute, TimeProvider time)
{
    private readonly Queue<long> _taken = new();

    /// <summary>Requests so far.</summary>
    public long Total { get; private set; }

    /// <summary>Most requests in a minute.</summary>
    public int PerMinute => perMinute;

    /// <summary>Shortest time between rounds of so many requests each.</summary>
    public TimeSpan LeastInterval(int requests) => TimeSpan.FromMinutes((double)requests / perMinute);

    /// <summary>Takes so many requests; waits while the last minute had too many. More than a minute allows at once are let through after a whole idle minute, so that a large cluster is slow, not stuck.</summary>
    public async Task TakeAsync(int requests, CancellationToken cancellationToken)
    {
        while (_taken.Count > 0 && _taken.Count + requests > perMinute)
        {
            var left = TimeSpan.FromMinutes(1) - time.GetElapsedTime(_taken.Peek());
            if (left > TimeSpan.Zero)
                await Task.Delay(left, time, cancellationToken);
            while (_taken.TryPeek(out var first) && time.GetElapsedTime(first) >= TimeSpan.FromMinutes(1))
                _taken.Dequeue();
        }
        var now = time.GetTimestamp();
        for (var i = 0; i < requests; i++)
            _taken.Enqueue(now);
        Total += requests;
    }
}
