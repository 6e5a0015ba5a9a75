namespace CiliumDebugging.LoadTest.Attack.Plan;

/// <summary>The attack's monotonic clock; its epoch is the intended start of request 0.</summary>
public sealed class AttackClock(TimeProvider time)
{
    private readonly long _epoch = time.GetTimestamp();

    /// <summary>What timers of the attack run on.</summary>
    public TimeProvider Time { get; } = time;

    /// <summary>Wall-clock time of the epoch (UTC), for aligning records with other sources. Offsets are never derived
    /// from it.</summary>
    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    /// <summary>Time since the epoch.</summary>
    public TimeSpan Elapsed => Time.GetElapsedTime(_epoch);
}
