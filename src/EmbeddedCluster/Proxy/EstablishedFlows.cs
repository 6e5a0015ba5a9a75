using System.Collections.Concurrent;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.Policies;

namespace CiliumDebugging.EmbeddedCluster.Proxy;

/// <summary>
/// An established connection, and what a change of policy can do to it. As with a kernel's datapath, it is the next thing the client sends that meets the new policy; an answer under way arrives, for replies pass. So a request
/// is carried out or it is not, and all views agree on which. Calls may come from any thread and more than once.
/// </summary>
internal interface IEstablishedFlow
{
    /// <summary>The decision by which it was established.</summary>
    Hop Hop { get; }

    /// <summary>It stands, by these HTTP rules; null for none.</summary>
    void Allow(HttpRuleSet? rules);

    /// <summary>What its client sends is lost. For good: a kernel would send again what was lost, and this shell cannot.</summary>
    /// <param name="reason">Cilium's drop reason.</param>
    void Drop(string reason);

    /// <summary>What its client sends next resets both ends.</summary>
    void Reset();
}

/// <summary>All established connections that policy has a say in. Each change of what the agents know is held against each of them.</summary>
internal sealed class EstablishedFlows(ClusterSnapshot initial)
{
    private readonly ConcurrentDictionary<IEstablishedFlow, byte> _flows = new();
    private volatile ClusterSnapshot _current = initial;

    /// <summary>Adds a connection. What has changed since it was decided on applies to it at once.</summary>
    public void Add(IEstablishedFlow flow)
    {
        _flows[flow] = 0;
        Apply(_current, flow);
    }

    /// <summary>Forgets a connection that has ended.</summary>
    public void Remove(IEstablishedFlow flow) => _flows.TryRemove(flow, out _);

    /// <summary>Holds what the agents know now against every connection. A connection that is added meanwhile is held against it, too.</summary>
    public void Update(ClusterSnapshot cluster)
    {
        _current = cluster;
        foreach (var flow in _flows.Keys)
            Apply(cluster, flow);
    }

    private static void Apply(ClusterSnapshot cluster, IEstablishedFlow flow)
    {
        switch (EstablishedConnections.FateOf(cluster, flow.Hop, out var rules, out var reason))
        {
            case EstablishedFate.Unchanged:
                flow.Allow(rules);
                break;
            case EstablishedFate.Dropped:
                flow.Drop(reason!);
                break;
            default:
                flow.Reset();
                break;
        }
    }
}
