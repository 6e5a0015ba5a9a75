using System.Collections.Concurrent;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.Policies;

namespace CiliumDebugging.EmbeddedCluster.Proxy;

/// <summary>
/// An established connection, and what a change of policy can do to it. As with a kernel's datapath, the new policy
/// applies to the next thing the client sends; an answer under way arrives, for replies pass. So a request is carried
/// out or it is not, and all counts agree on which. Calls may come from any thread and more than once.
/// </summary>
internal interface IEstablishedFlow
{
    Hop Hop { get; }

    /// <summary>It continues, under these HTTP rules; null for none.</summary>
    void Allow(HttpRuleSet? rules);

    /// <summary>
    /// What its client sends is lost for good: a kernel would send again what was lost, and this shell cannot.
    /// </summary>
    /// <param name="reason">Cilium's drop reason.</param>
    void Drop(string reason);

    /// <summary>What its client sends next resets both ends.</summary>
    void Reset();
}

/// <summary>
/// All established connections that policy decides on. Each change of what the agents know applies to all.
/// </summary>
internal sealed class EstablishedFlows(ClusterSnapshot initial)
{
    private readonly ConcurrentDictionary<IEstablishedFlow, byte> _flows = new();
    private volatile ClusterSnapshot _current = initial;

    /// <summary>Adds a connection. What has changed since its decision applies to it at once.</summary>
    public void Add(IEstablishedFlow flow)
    {
        _flows[flow] = 0;
        Apply(_current, flow);
    }

    public void Remove(IEstablishedFlow flow) => _flows.TryRemove(flow, out _);

    /// <summary>Applies what the agents know now to every connection, also to one that is added meanwhile.</summary>
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
            case EstablishedFate.Reset:
                flow.Reset();
                break;
        }
    }
}
