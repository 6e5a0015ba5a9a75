using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.EmbeddedCluster.Hubble;

/// <summary>
/// A Prometheus histogram of seconds with the client library's default buckets (.005 to 10 s), as
/// hubble_http_request_duration_seconds has them.
/// </summary>
internal sealed class DurationHistogram(string name, string help, string[] labelNames)
{
    private static readonly double[] s_buckets = [.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10];
    private readonly ConcurrentDictionary<(string Source, string Destination, string Method), Cell> _series = new();

    private sealed class Cell
    {
        public readonly long[] Counts = new long[s_buckets.Length + 1];
        public double Sum;
    }

    public void Observe(string source, string destination, string method, TimeSpan duration)
    {
        if (_series.Count >= CounterFamily<int>.MaxSeries && !_series.ContainsKey((source, destination, method)))
            return;
        var cell = _series.GetOrAdd((source, destination, method), static _ => new Cell());
        var seconds = duration.TotalSeconds;
        var bucket = 0;
        while (bucket < s_buckets.Length && seconds > s_buckets[bucket])
            bucket++;
        lock (cell)
        {
            cell.Counts[bucket]++;
            cell.Sum += seconds;
        }
    }

    public void Render(StringBuilder text)
    {
        text.AppendFamily(name, "histogram", help);
        string[] bucketLabels = [.. labelNames, "le"];
        foreach (var ((source, destination, method), cell) in _series)
        {
            string[] values = [source, destination, method];
            lock (cell)
            {
                long cumulative = 0;
                for (var i = 0; i <= s_buckets.Length; i++)
                {
                    cumulative += cell.Counts[i];
                    var le = i < s_buckets.Length ? s_buckets[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
                    text.AppendSample(name + "_bucket", cumulative, bucketLabels, [.. values, le]);
                }
                text.AppendSample(name + "_sum", cell.Sum, labelNames, values);
                text.AppendSample(name + "_count", cumulative, labelNames, values);
            }
        }
    }
}
