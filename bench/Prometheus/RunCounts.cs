using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Bench.Prometheus;

/// <summary>
/// The lab's own counts over any window: the client's records, one per request, and the counters that the lab reads
/// itself through the API's pod proxy, about once a second, with a straight line between two readings. All times are
/// unix seconds.
///</summary>
internal sealed class RunCounts
{
    private readonly Lock _lock = new();
    private readonly List<RecordLine> _records = [];
    private readonly List<(double At, ClusterCounters Counters)> _readings = [];

    /// <summary>The attack's epoch.</summary>
    public double Epoch { get; set; }

    /// <summary>Adds a request.</summary>
    public void Add(RecordLine record)
    {
        lock (_lock)
            _records.Add(record);
    }

    /// <summary>Adds a reading of the counters.</summary>
    public void Add(double at, ClusterCounters counters)
    {
        lock (_lock)
            _readings.Add((at, counters));
    }

    /// <summary>
    /// Mean, over the minutes that end at each of these instants, of the rate of the requests that a filter lets
    /// through.
    ///</summary>
    /// <param name="instants">Ends of the minutes.</param>
    /// <param name="when">Which of a request's times counts, in seconds since the epoch.</param>
    /// <param name="filter">Which requests count.</param>
    public double ClientRate(
        IReadOnlyList<double> instants,
        Func<RecordLine, double> when,
        Func<RecordLine, bool> filter
    )
    {
        double[] times;
        lock (_lock)
            times = [.. _records.Where(filter).Select(r => Epoch + when(r)).Order()];
        return instants.Average(t => (Before(times, t) - Before(times, t - 60)) / 60.0);
    }

    /// <summary>Mean, over the minutes that end at each of these instants, of the rate of a counter.</summary>
    public double CounterRate(IReadOnlyList<double> instants, Func<ClusterCounters, double> counter)
    {
        (double At, double Value)[] values;
        lock (_lock)
            values = [.. _readings.Select(r => (r.At, counter(r.Counters)))];
        return instants.Average(t => (ValueAt(values, t) - ValueAt(values, t - 60)) / 60);
    }

    /// <summary>
    /// How many independent choices of a Pod the requests of a window are worth: a client port that comes again finds
    /// its conntrack entry and its Pod again. With n requests from a port, (Σ n)² / Σ n²: the variance of a share s is
    /// s(1 − s) divided by it.
    ///</summary>
    public double IndependentChoices(double start, double end)
    {
        double requests = 0,
            squares = 0;
        lock (_lock)
        {
            foreach (
                var port in _records.Where(r => Epoch + r.Start >= start && Epoch + r.Start < end).CountBy(r => r.Port)
            )
                (requests, squares) = (requests + port.Value, squares + ((double)port.Value * port.Value));
        }
        return requests * requests / squares;
    }

    /// <summary>Requests recorded.</summary>
    public int Records
    {
        get
        {
            lock (_lock)
                return _records.Count;
        }
    }

    private static int Before(double[] sorted, double time)
    {
        var found = Array.BinarySearch(sorted, time);
        return found < 0 ? ~found : found;
    }

    private static double ValueAt((double At, double Value)[] values, double time)
    {
        var after = Array.FindIndex(values, v => v.At >= time);
        if (after <= 0)
            throw new InvalidOperationException("the counters were not read around the whole window");
        var ((t0, v0), (t1, v1)) = (values[after - 1], values[after]);
        return v0 + ((v1 - v0) * (time - t0) / (t1 - t0));
    }
}
