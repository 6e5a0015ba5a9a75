namespace CiliumDebugging.Lab.Clusters;

/// <summary>
/// Something for each Pod by its name, in bounded memory: a Deployment that is restarted for hours has many Pods. Pods
/// that were not used for longest are forgotten. Not thread-safe.
/// </summary>
/// <param name="forget">Receives what is forgotten.</param>
internal sealed class RecentPods<T>(Action<T>? forget = null)
    where T : new()
{
    /// <summary>
    /// This many Pods are kept at least, and at most twice as many: as many names as a load test tells apart.
    /// </summary>
    public const int Kept = 4096;

    private readonly Dictionary<string, Entry> _pods = new(StringComparer.Ordinal);
    private long _uses;

    private sealed class Entry
    {
        public T Value { get; } = new();

        public long LastUse { get; set; }
    }

    /// <summary>All that are kept, the most recent ones first.</summary>
    public IEnumerable<(string Pod, T Value)> All =>
        _pods.OrderByDescending(p => p.Value.LastUse).Select(p => (p.Key, p.Value.Value));

    /// <summary>That of a Pod, a new one if there is none; the Pod is the most recent one now.</summary>
    public T Of(string pod)
    {
        if (!_pods.TryGetValue(pod, out var entry))
        {
            if (_pods.Count >= 2 * Kept)
                ForgetHalf();
            _pods.Add(pod, entry = new Entry());
        }
        entry.LastUse = _uses++;
        return entry.Value;
    }

    /// <summary>That of a Pod; null when there is none.</summary>
    public T? Find(string pod) => _pods.TryGetValue(pod, out var entry) ? entry.Value : default;

    private void ForgetHalf()
    {
        foreach (var (pod, old) in _pods.OrderBy(p => p.Value.LastUse).Take(Kept).ToList())
        {
            _pods.Remove(pod);
            forget?.Invoke(old.Value);
        }
    }
}
