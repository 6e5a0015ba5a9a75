namespace CiliumDebugging.Lab.Running;

/// <summary>What one Pod answered since the load began, for display. Not thread-safe.</summary>
internal sealed class RecentPod
{
    /// <summary>A server that answers with other statuses all the time has no more than these.</summary>
    private const int MaxStatuses = 64;

    private readonly SortedDictionary<int, long> _byStatus = [];

    /// <summary>Successes.</summary>
    public long Ok { get; private set; }

    /// <summary>Requests that were due and did not succeed.</summary>
    public long Failed { get; private set; }

    /// <summary>Node; null when it is in no phase.</summary>
    public string? Node { get; set; }

    public RecentLatency Latency { get; } = new();

    /// <summary>Requests that were sent, by status; 0: no answer.</summary>
    public IReadOnlyDictionary<int, long> ByStatus => _byStatus;

    /// <summary>Adds a request.</summary>
    public void Add(bool ok)
    {
        if (ok)
            Ok++;
        else
            Failed++;
    }

    /// <summary>Adds the outcome of a request that was sent.</summary>
    public void AddSent(int status, double latencyMs)
    {
        Latency.Add(latencyMs);
        if (_byStatus.Count < MaxStatuses || _byStatus.ContainsKey(status))
            _byStatus[status] = _byStatus.GetValueOrDefault(status) + 1;
    }
}
