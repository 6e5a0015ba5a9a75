using System.Collections.Immutable;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>Finds Pods whose counters began anew: their processes were restarted. Thread-safe.</summary>
internal sealed class RestartedPods
{
    private readonly Lock _lock = new();
    private readonly RecentPods<Counter> _counters = new();

    private sealed class Counter
    {
        public double Count { get; set; }

        public bool BeganAnew { get; set; }
    }

    /// <summary>Adds what was read now.</summary>
    /// <param name="counts">A counter of each Pod, by its name.</param>
    /// <returns>The Pods, of all that were ever added, whose counter has fallen.</returns>
    public ImmutableSortedSet<string> Add(IEnumerable<KeyValuePair<string, double>> counts)
    {
        lock (_lock)
        {
            foreach (var (pod, count) in counts)
            {
                var counter = _counters.Of(pod);
                counter.BeganAnew |= count < counter.Count;
                counter.Count = count;
            }
            return [.. _counters.All.Where(c => c.Value.BeganAnew).Select(c => c.Pod)];
        }
    }
}
