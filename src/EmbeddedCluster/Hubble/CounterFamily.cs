using System.Collections.Concurrent;
using System.Text;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.EmbeddedCluster.Hubble;

/// <summary>
/// A Prometheus counter with labels, of one node. Bounded: beyond <see cref="MaxSeries"/> label sets further ones are
/// counted in one series whose labels are empty.
/// </summary>
/// <typeparam name="TLabels">The label values, as a value tuple or record.</typeparam>
internal sealed class CounterFamily<TLabels>(
    string name,
    string help,
    string[] labelNames,
    Func<TLabels, string[]> values
)
    where TLabels : notnull
{
    public const int MaxSeries = 20_000;

    private readonly ConcurrentDictionary<TLabels, Cell> _series = new();
    private long _overflow;

    private sealed class Cell
    {
        public long Value;
    }

    public void Increment(TLabels labels)
    {
        if (!_series.TryGetValue(labels, out var cell))
        {
            if (_series.Count >= MaxSeries)
            {
                Interlocked.Increment(ref _overflow);
                return;
            }
            cell = _series.GetOrAdd(labels, static _ => new Cell());
        }
        Interlocked.Increment(ref cell.Value);
    }

    public void Render(StringBuilder text)
    {
        text.AppendFamily(name, "counter", help);
        foreach (var (labels, cell) in _series)
            text.AppendSample(name, Volatile.Read(ref cell.Value), labelNames, values(labels));
        if (Volatile.Read(ref _overflow) is > 0 and var overflow)
            text.AppendSample(name, overflow, labelNames, new string?[labelNames.Length]);
    }
}
