namespace CiliumDebugging.Lab.Page;

/// <summary>Counts the readers of a <see cref="LiveState"/>. Thread-safe.</summary>
internal sealed class Watchers(TimeProvider time)
{
    /// <summary>Longer than a usual scrape interval.</summary>
    private static readonly TimeSpan s_glance = TimeSpan.FromMinutes(2);

    private int _count;
    private long _until = long.MinValue;

    public bool Any => Volatile.Read(ref _count) > 0 || time.GetTimestamp() < Volatile.Read(ref _until);

    public void Glance() =>
        Volatile.Write(ref _until, time.GetTimestamp() + (long)(s_glance.TotalSeconds * time.TimestampFrequency));

    public IDisposable Watch()
    {
        Interlocked.Increment(ref _count);
        return new Watcher(this);
    }

    private sealed class Watcher(Watchers watchers) : IDisposable
    {
        private Watchers? _watchers = watchers;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _watchers, null) is { } watched)
                Interlocked.Decrement(ref watched._count);
        }
    }
}
