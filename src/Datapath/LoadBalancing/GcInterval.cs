namespace CiliumDebugging.Datapath.LoadBalancing;

/// <summary>
/// The adaptive interval of Cilium's conntrack garbage collector (<c>conntrack-gc-interval: 0</c>, all releases;
/// pkg/maps/ctmap, calculateInterval): shorter after a sweep that deleted much of what the map can hold, longer after
/// one that deleted little.
/// </summary>
public static class GcInterval
{
    /// <summary>The first interval, ticks of 100 ns: 5 min.</summary>
    public const long FirstTicks = 5 * TimeSpan.TicksPerMinute;

    private const long MinTicks = 10 * TimeSpan.TicksPerSecond;
    private const long MaxTicks = 12 * TimeSpan.TicksPerHour;

    /// <summary>Entries that the map of TCP connections holds at most (<c>bpf-ct-global-tcp-max</c>).</summary>
    private const int Capacity = 524_288;

    private const double Much = 0.25;
    private const double MaxRatio = 0.9;
    private const double Little = 0.05;
    private const double Growth = 1.5;

    /// <summary>The interval after a sweep.</summary>
    /// <param name="ticks">The interval before it, ticks of 100 ns.</param>
    /// <param name="deleted">Entries that it deleted.</param>
    public static long Next(long ticks, int deleted)
    {
        var ratio = (double)deleted / Capacity;
        return ratio switch
        {
            0 => ticks,
            > Much => Math.Max(MinTicks, WholeSeconds(ticks * (1 - Math.Min(ratio, MaxRatio)))),
            < Little => Math.Min(MaxTicks, WholeSeconds(ticks * Growth)),
            _ => ticks,
        };
    }

    private static long WholeSeconds(double ticks) =>
        (long)Math.Round(ticks / TimeSpan.TicksPerSecond, MidpointRounding.AwayFromZero) * TimeSpan.TicksPerSecond;
}
