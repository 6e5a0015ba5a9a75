using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Status;

namespace CiliumDebugging.Lab.Running;

/// <summary>The last latencies of one Pod, in constant memory, for display. Not thread-safe.</summary>
internal sealed class RecentLatency
{
    private const int Kept = 256;
    private readonly float[] _ms = new float[Kept];
    private long _count;

    /// <summary>Adds one, ms.</summary>
    public void Add(double ms) => _ms[_count++ % Kept] = (float)ms;

    /// <summary>Quantiles of the last 256; null without one.</summary>
    public LatencyQuantiles? Quantiles()
    {
        if (_count == 0)
            return null;
        var known = _ms[..(int)Math.Min(_count, Kept)];
        Array.Sort(known);
        return new LatencyQuantiles(known[(known.Length - 1) / 2], known[(int)((known.Length - 1) * 0.99)]);
    }
}
