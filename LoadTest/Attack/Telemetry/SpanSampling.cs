namespace CiliumDebugging.LoadTest.Attack;

/// <summary>Decides which requests get a span: all up to <see cref="SpansPerSecond"/>, above it a random share of that many. Safe for concurrent use.</summary>
/// <param name="ratePerSecond">The attack's rate; infinite when requests follow each other as fast as they can.</param>
internal sealed class SpanSampling(double ratePerSecond)
{
    /// <summary>Spans a second at most.</summary>
    public const double SpansPerSecond = 500;

    private static readonly long Spacing = (long)(TimeSpan.TicksPerSecond / SpansPerSecond);

    private long _next;

    /// <param name="now">Time since the attack's epoch.</param>
    /// <param name="draw">Uniform on [0, 1).</param>
    public bool Takes(TimeSpan now, double draw)
    {
        if (!double.IsPositiveInfinity(ratePerSecond))
            return draw < SpansPerSecond / ratePerSecond;
        // The rate is not known beforehand: one at a time, in even spacing.
        var next = Interlocked.Read(ref _next);
        return now.Ticks >= next && Interlocked.CompareExchange(ref _next, now.Ticks + Spacing, next) == next;
    }
}
