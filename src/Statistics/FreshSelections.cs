using System.Net;

namespace CiliumDebugging.Statistics;

/// <summary>Why a request is, or is not, an independent choice of a backend.</summary>
public enum SelectionOrigin
{
    /// <summary>The first use of this source address and port towards the service within the conntrack lifetime: a
    /// fresh selection.</summary>
    Fresh,

    /// <summary>The port was used before within the lifetime: the load balancer may repeat its old choice.</summary>
    ReusedPort,

    /// <summary>Not the first request of its connection.</summary>
    KeepAlive,

    /// <summary>The source port is not known.</summary>
    UnknownPort,

    /// <summary>The memory is full: whether the port is new is unknown, so it is not taken for fresh.</summary>
    Untracked,
}

/// <summary>Decides which requests are fresh selections: a reused port repeats an old choice and tells nothing new, so
/// only the first use of (source address, source port) towards a service within the conntrack lifetime is an
/// observation. Feed it in the order of request starts. Not thread-safe.</summary>
public sealed class FreshSelections
{
    /// <summary>Default lifetime: Cilium's service entries lived 6 h before 1.15 (8000 s since). Too long is safe, it
    /// only counts fewer requests as fresh.</summary>
    public static readonly TimeSpan DefaultConntrackLifetime = TimeSpan.FromHours(6);

    private readonly Dictionary<Use, TimeSpan> _lastUses = [];
    private readonly TimeSpan _lifetime;
    private readonly int _capacity;
    private TimeSpan _now = TimeSpan.MinValue;
    private TimeSpan _nextExpiry = TimeSpan.MinValue;

    /// <param name="conntrackLifetime">How long the load balancer remembers a choice after its last use; &gt; 0.
    /// Default 6 h.</param>
    /// <param name="capacity">Most ports remembered, ≥ 1, default 262,144 (about 20 MB). Ports beyond it are
    /// <see cref="SelectionOrigin.Untracked"/>.</param>
    public FreshSelections(TimeSpan? conntrackLifetime = null, int capacity = 262_144)
    {
        _lifetime = conntrackLifetime ?? DefaultConntrackLifetime;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_lifetime, TimeSpan.Zero, nameof(conntrackLifetime));
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _capacity = capacity;
    }

    /// <summary>Ports remembered now, at most the capacity.</summary>
    public int Remembered => _lastUses.Count;

    /// <summary>Classifies one request.</summary>
    /// <param name="service">The service the request went to.</param>
    /// <param name="source">Client address and port; null or port 0 where unknown.</param>
    /// <param name="startedAt">Start of the request, since any fixed moment; must not decrease (an earlier time is
    /// taken as the latest one seen).</param>
    /// <param name="firstOnConnection">False for a further request on an open connection.</param>
    public SelectionOrigin Classify(
        string service,
        IPEndPoint? source,
        TimeSpan startedAt,
        bool firstOnConnection = true
    )
    {
        _now = startedAt > _now ? startedAt : _now;
        if (source is null or { Port: 0 })
            return firstOnConnection ? SelectionOrigin.UnknownPort : SelectionOrigin.KeepAlive;
        var use = new Use(service, source.Address, source.Port);
        var seen = _lastUses.TryGetValue(use, out var lastUse);
        if (!seen && _lastUses.Count >= _capacity && !ForgetExpired())
            return firstOnConnection ? SelectionOrigin.Untracked : SelectionOrigin.KeepAlive;
        _lastUses[use] = _now;
        if (!firstOnConnection)
            return SelectionOrigin.KeepAlive;
        return seen && _now - lastUse <= _lifetime ? SelectionOrigin.ReusedPort : SelectionOrigin.Fresh;
    }

    /// <summary>Forgets every port because the set of backends changed. In the new segment a port's first use shows its
    /// assignment under the new set for the first time, also when conntrack made it long ago: that is how stale entries
    /// become visible. Call it for changes from outside only, never because of what the data showed (after an alarm the
    /// old choices are still known).</summary>
    public void BackendsChanged() => _lastUses.Clear();

    /// <summary>Makes room; looks through the memory only when something can have expired since the last
    /// time.</summary>
    private bool ForgetExpired()
    {
        if (_now <= _nextExpiry)
            return false;
        var oldest = _now;
        foreach (var (use, lastUse) in _lastUses)
        {
            if (_now - lastUse > _lifetime)
                _lastUses.Remove(use);
            else if (lastUse < oldest)
                oldest = lastUse;
        }
        _nextExpiry = oldest + _lifetime;
        return _lastUses.Count < _capacity;
    }

    private readonly record struct Use(string Service, IPAddress Source, int Port);
}
