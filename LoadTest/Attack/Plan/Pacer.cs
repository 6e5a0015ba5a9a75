namespace CiliumDebugging.LoadTest.Attack.Plan;

/// <summary>What a <see cref="Pacer"/> says about the next request.</summary>
/// <param name="Wait">Time until the next request is due; zero when it is due now or overdue. Never negative.</param>
/// <param name="IntendedStart">When the next request is due; now when the rate is unlimited.</param>
/// <param name="Stop">True when no further request is intended; <paramref name="Wait"/> is then zero.</param>
public readonly record struct Pace(TimeSpan Wait, TimeSpan IntendedStart, bool Stop);

/// <summary>When each request of a constant-rate attack is due. No clock and no I/O: elapsed time and the number of
/// requests already handed out are arguments, as in vegeta's <c>pacer.go</c>.</summary>
/// <remarks>Request k (from 0) is intended at k / rate. It is computed from k, not added up, so a rate that does not
/// divide a second does not drift. The intended starts lie in [0, duration): rate 50/s for 2 s is 100 requests, the
/// last at 1.98 s.
/// <para>With a burst of B, B requests of a worker are intended together when the first of them is due, then none until
/// the next B are: 1,000/s in bursts of 2 is a pair every 2 ms. Their number is that of single ones.</para>
///</remarks>
/// <param name="RatePerSecond">Requests per second, above 0; fractions are allowed.
/// <see cref="double.PositiveInfinity"/> means as fast as the in-flight limit permits: every request is due at once and
/// only the duration ends the attack.</param>
/// <param name="Duration">Length of the attack; null means until it is stopped.</param>
/// <param name="Burst">Requests that a worker starts together, 1 or more.</param>
/// <param name="Workers">How many workers share the requests: worker w of W has w, w + W, …</param>
public readonly record struct Pacer(double RatePerSecond, TimeSpan? Duration, int Burst = 1, int Workers = 1)
{
    /// <summary>True when requests are not spaced but follow each other as fast as the in-flight limit
    /// permits.</summary>
    public bool IsUnlimited => double.IsPositiveInfinity(RatePerSecond);

    /// <summary>Offset from the attack's epoch at which request <paramref name="hit"/> (from 0) is due; zero when
    /// unlimited.</summary>
    public TimeSpan IntendedStart(long hit) => Due(hit - (hit / Workers % Burst * Workers));

    /// <summary>Time from one burst of a worker to its next; zero when unlimited.</summary>
    public TimeSpan BurstInterval => Due((long)Burst * Workers);

    /// <summary>Requests that single ones would have had due in [0, <paramref name="elapsed"/>): the number of k with k
    /// / rate &lt; elapsed, capped by the duration. In bursts it may be up to one burst of each worker more. Without
    /// meaning (and 0) when unlimited.</summary>
    public long DueBefore(TimeSpan elapsed)
    {
        if (Duration is { } duration && elapsed > duration)
            elapsed = duration;
        if (IsUnlimited || elapsed <= TimeSpan.Zero)
            return 0;
        // The closed form can be off by one through rounding to ticks; the loops settle it exactly.
        var count = (long)Math.Ceiling(elapsed.TotalSeconds * RatePerSecond);
        while (count > 0 && Due(count - 1) >= elapsed)
            count--;
        while (Due(count) < elapsed)
            count++;
        return count;
    }

    /// <summary>What to do next, <paramref name="elapsed"/> after the epoch with <paramref name="hits"/> requests
    /// handed out already.</summary>
    public Pace Next(TimeSpan elapsed, long hits)
    {
        if (IsUnlimited)
            return new Pace(TimeSpan.Zero, elapsed, Stop: Duration is { } end && elapsed >= end);
        var due = IntendedStart(hits);
        if (Duration is { } duration && Due(hits) >= duration)
            return new Pace(TimeSpan.Zero, due, Stop: true);
        return new Pace(due > elapsed ? due - elapsed : TimeSpan.Zero, due, Stop: false);
    }

    // When a single request would be due.
    private TimeSpan Due(long hit) =>
        IsUnlimited
            ? TimeSpan.Zero
            : TimeSpan.FromTicks(
                (long)Math.Min(Math.Round(hit * (double)TimeSpan.TicksPerSecond / RatePerSecond), MaxTicks)
            );

    // A day short of TimeSpan.MaxValue: adding an elapsed time must not overflow.
    private static double MaxTicks => (TimeSpan.MaxValue - TimeSpan.FromDays(1)).Ticks;
}
