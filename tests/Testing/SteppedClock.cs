namespace CiliumDebugging.Testing;

/// <summary>
/// A clock that keeps its time until a test advances it. What is waited for briefly takes its real time; limits never
/// expire, however busy the machine is.
/// </summary>
internal sealed class SteppedClock : TimeProvider
{
    /// <summary>Longer timers than this are limits.</summary>
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMilliseconds(200);

    private readonly DateTimeOffset _start = System.GetUtcNow();
    private long _ticks;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);

    public override DateTimeOffset GetUtcNow() => _start + new TimeSpan(Interlocked.Read(ref _ticks));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime > s_longestWait ? Timeout.InfiniteTimeSpan : dueTime, period);
}
