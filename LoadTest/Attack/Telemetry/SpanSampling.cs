namespace CiliumDebugging.LoadTest.Attack.Telemetry;

/// <summary>Decides which requests get a span: all up to a number of spans a second, above it a uniform random share
/// with that mean. Failed requests are sampled like all others. Safe for concurrent use.</summary>
/// <param name="ratePerSecond">The attack's rate; infinite when requests follow each other as fast as they can.</param>
/// <param name="spansPerSecond">Spans a second, on average.</param>
internal sealed class SpanSampling(double ratePerSecond, double spansPerSecond)
{
    private readonly long _spacing = (long)(TimeSpan.TicksPerSecond / spansPerSecond);

    private long _next;

    /// <param name="now">Time since the attack's epoch.</param>
    /// <param name="draw">Uniform on [0, 1).</param>
    public bool Takes(TimeSpan now, double draw)
    {
        if (!double.IsPositiveInfinity(ratePerSecond))
            return draw < spansPerSecond / ratePerSecond;
        // The rate is not known beforehand: one at a time, in even spacing.
        var next = Interlocked.Read(ref _next);
        return now.Ticks >= next && Interlocked.CompareExchange(ref _next, now.Ticks + _spacing, next) == next;
    }
}
