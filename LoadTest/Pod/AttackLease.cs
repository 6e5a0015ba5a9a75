namespace CiliumDebugging.LoadTest.Pod;

/// <summary>
/// Counts who reads an attack's records. When nothing has read them for a time, the run that ordered the attack is
/// gone, and the attack must not go on for ever. Thread-safe.
/// </summary>
/// <param name="length">How long it may go on without a reader; infinite: always.</param>
/// <param name="time">Time source.</param>
internal sealed class AttackLease(TimeSpan length, TimeProvider time)
{
    private readonly Lock _lock = new();
    private int _readers;
    private long _unreadSince = time.GetTimestamp();

    public bool IsHeld
    {
        get
        {
            lock (_lock)
                return _readers > 0;
        }
    }

    /// <summary>Reading goes on until the result is disposed.</summary>
    public IDisposable Hold()
    {
        lock (_lock)
            _readers++;
        return new Reader(this);
    }

    /// <summary>Waits until nothing has read for the length of the lease.</summary>
    public async Task ExpiredAsync(CancellationToken cancellationToken)
    {
        while (Left() is var left && left > TimeSpan.Zero)
            await Task.Delay(left, time, cancellationToken);
    }

    private TimeSpan Left()
    {
        lock (_lock)
            return _readers > 0 ? length : length - time.GetElapsedTime(_unreadSince);
    }

    private void Release()
    {
        lock (_lock)
        {
            _readers--;
            _unreadSince = time.GetTimestamp();
        }
    }

    private sealed class Reader(AttackLease lease) : IDisposable
    {
        public void Dispose() => lease.Release();
    }
}
