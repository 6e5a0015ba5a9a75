using HdrHistogram;

namespace CiliumDebugging.Statistics;

/// <summary>A mergeable histogram of durations: 1 µs to 2 h with three significant digits, in constant memory (about
/// 180 KiB).</summary>
public sealed class Latencies
{
    private const long MaxMicroseconds = 2L * 3600 * 1_000_000;
    private readonly LongHistogram _microseconds = new(1, MaxMicroseconds, 3);

    /// <summary>Durations recorded.</summary>
    public long Count => _microseconds.TotalCount;

    /// <summary>The histogram itself; its values are microseconds.</summary>
    public HistogramBase Histogram => _microseconds;

    /// <summary>Records one duration; negative ones count as 0, those above 2 h as 2 h.</summary>
    public void Add(TimeSpan duration) =>
        _microseconds.RecordValue(Math.Clamp(duration.Ticks / TimeSpan.TicksPerMicrosecond, 0, MaxMicroseconds));

    /// <summary>Adds another histogram's counts; exact.</summary>
    public void Merge(Latencies other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _microseconds.Add(other._microseconds);
    }

    /// <summary>Adds a histogram of microseconds; exact where it has the same precision.</summary>
    public void Merge(HistogramBase microseconds) => _microseconds.Add(microseconds);

    /// <summary>Value below which the given share (0–1) of durations lies; zero when there are none.</summary>
    public TimeSpan Quantile(double share) =>
        Count == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(_microseconds.GetValueAtPercentile(share * 100));

    public TimeSpan Mean => Count == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(_microseconds.GetMean());

    /// <summary>Largest duration, to three digits.</summary>
    public TimeSpan Max => Count == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(_microseconds.GetMaxValue());
}
