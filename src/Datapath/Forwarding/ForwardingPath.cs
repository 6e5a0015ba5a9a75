using System.Collections.Frozen;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Datapath.LoadBalancing;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Sockets;

namespace CiliumDebugging.Datapath.Forwarding;

/// <summary>
/// The path of a connection through the cluster, one decision per SYN, in the order described in
/// https://github.com/cilium/cilium/issues/14268:
/// <list type="number">
/// <item>service load balancing on the client's node;</item>
/// <item>egress policy of the client; with an L7 rule: to the proxy of the client's node, which connects anew;</item>
/// <item>ingress policy of the destination; with an L7 rule: the socket lookup of the redirect,
/// then to the proxy of the destination's node, which connects anew;</item>
/// <item>the Pod.</item>
/// </list>
/// No sockets, no clock and no randomness of its own: the live shell and the simulator both run it.
/// </summary>
public sealed class ForwardingPath
{
    private readonly FrozenDictionary<string, NodeDatapath> _nodes;
    private readonly FrozenDictionary<uint, NodeDatapath> _byAddress;
    private readonly NodeDatapath?[] _byNumber;
    private readonly (uint Lowest, uint Count) _addresses;

    /// <summary>A path over these nodes.</summary>
    public ForwardingPath(IEnumerable<NodeDatapath> nodes)
    {
        var all = nodes.ToList();
        _nodes = all.ToFrozenDictionary(n => n.Name, StringComparer.Ordinal);
        _byAddress = all.ToFrozenDictionary(n => n.Address);
        _addresses =
            all.Count == 0 ? (0, 0) : (all.Min(n => n.Address), all.Max(n => n.Address) - all.Min(n => n.Address) + 1);
        _byNumber = new NodeDatapath?[all.Select(n => NodeNumbers.Of(n.Name)).DefaultIfEmpty(-1).Max() + 1];
        foreach (var node in all)
            _byNumber[NodeNumbers.Of(node.Name)] = node;
    }

    /// <summary>All nodes.</summary>
    public IEnumerable<NodeDatapath> Nodes => _nodes.Values;

    /// <summary>The node with this name; null when there is none.</summary>
    public NodeDatapath? Node(string name) => _nodes.GetValueOrDefault(name);

    /// <summary>Steps 1 to 3 for a client's SYN to a Service or Pod address.</summary>
    /// <param name="cluster">What the agents know.</param>
    /// <param name="syn">The client's socket and what it dialled.</param>
    /// <param name="nowTicks">Now, in ticks of 100 ns.</param>
    /// <param name="random">Source of the backend choice.</param>
    /// <param name="hold">The place of the socket that a proxy accepts; null when none does.</param>
    public Hop Connect(ClusterSnapshot cluster, in FourTuple syn, long nowTicks, Random random, out SocketHold? hold)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        hold = null;
        // 1. service load balancing
        var node = ServiceNode(cluster, syn, out var client);
        var source = client.Pod;
        var lookup = node.Translate(cluster.Services, syn, nowTicks, random, out var backend);
        var (action, reason) = (HopAction.Reset, (string?)null);
        var hasBackend = lookup is not (ServiceLookup.NoBackend or ServiceLookup.NoLocalBackend);
        if (!hasBackend)
            (action, reason) = WithoutBackend(lookup, node);
        // Each further copy of a hop in this method costs every connection.
        var hop = new Hop
        {
            Action = action,
            Source = source,
            Client = syn.Source,
            Wire = new FourTuple(syn.Source, backend),
            Node = node,
            Reason = reason,
        };
        if (!hasBackend || !cluster.Table.TryFind(backend.Address, out var destination))
            return hop;
        // 2. egress policy of the client
        if (source is not null)
        {
            // A Pod that reaches itself, also through its own Service, passes no policy (cilium, lb4_local).
            var isItself = ReferenceEquals(source, destination.Pod);
            hop = hop with { Destination = destination.Pod, Action = isItself ? HopAction.ToPod : HopAction.Reset };
            if (isItself)
                return hop;
            var peer = new Peer(destination.Identity, backend.Address);
            var verdict = EstablishedConnections.Egress(cluster, client.Identity, peer, backend.Port);
            if (verdict.IsDrop)
                return hop with { Action = HopAction.Drop, Reason = EstablishedConnections.ReasonOf(verdict) };
            if (verdict.IsRedirect)
            {
                hold = Accept(node, SocketEnds.AcceptedFrom(hop.Wire) with { OfEgressProxy = true });
                return hop with { Action = HopAction.ToEgressProxy, HttpRules = verdict.Http };
            }
        }
        // 3. ingress policy of the destination
        return Arrive(cluster, client, destination, syn.Source, hop.Wire, fromEgressProxy: false, out hold);
    }

    /// <summary>A client sends more on a connection that it had dialled: its node's conntrack sees whatever follows the
    /// SYN.</summary>
    /// <param name="cluster">What the agents know.</param>
    /// <param name="syn">The client's socket and what it had dialled.</param>
    /// <param name="nowTicks">Now, in ticks of 100 ns.</param>
    public void Continue(ClusterSnapshot cluster, in FourTuple syn, long nowTicks)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ServiceNode(cluster, syn, out _).Continue(cluster.Services, syn, nowTicks);
    }

    /// <summary>A client closes a connection that it had dialled: its node's conntrack sees the FIN.</summary>
    /// <param name="cluster">What the agents know.</param>
    /// <param name="syn">The client's socket and what it had dialled.</param>
    /// <param name="nowTicks">Now, in ticks of 100 ns.</param>
    public void Close(ClusterSnapshot cluster, in FourTuple syn, long nowTicks)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ServiceNode(cluster, syn, out _).Close(cluster.Services, syn, nowTicks);
    }

    /// <summary>The SYN of the egress proxy's own connection: step 3 with the original source, where it is used, or the
    /// proxy's.</summary>
    /// <param name="cluster">What the agents know.</param>
    /// <param name="accepted">The route that led to the egress proxy.</param>
    /// <param name="proxySource">The proxy's own address and port, for connections that do not use the original
    /// source.</param>
    /// <param name="connecting">The place of the proxy's connecting socket.</param>
    /// <param name="hold">The place of the socket that the ingress proxy accepts; null when none does.</param>
    public Hop ConnectFromEgressProxy(
        ClusterSnapshot cluster,
        in Hop accepted,
        TcpEndpoint proxySource,
        out SocketHold? connecting,
        out SocketHold? hold
    )
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var node = accepted.Node!;
        var remote = accepted.Destination!.NodeName != node.Name;
        var original = node.UsesOriginalSource && (remote || node.Config.OriginalSourceForLocalPods);
        var wire = new FourTuple(original ? accepted.Client : proxySource, accepted.Backend);
        hold = null;
        if (!TryConnect(node, wire, out connecting))
            return accepted with { Action = HopAction.AddressNotAvailable, Wire = wire };
        // The destination may have been deleted since the client's SYN.
        if (!cluster.Table.TryFind(accepted.Backend.Address, out var destination))
            return accepted with { Action = HopAction.Reset, Destination = null, Wire = wire };
        var from = new PodSlot(accepted.Source!);
        return Arrive(cluster, from, destination, accepted.Client, wire, fromEgressProxy: true, out hold) with
        {
            FromEgressProxy = true,
        };
    }

    /// <summary>The SYN of the ingress proxy's own connection to the Pod (step 4).</summary>
    /// <param name="cluster">What the agents know.</param>
    /// <param name="accepted">The route that led to the ingress proxy.</param>
    /// <param name="proxySource">The proxy's own address and port.</param>
    /// <param name="connecting">The place of the proxy's connecting socket.</param>
    public Hop ConnectFromIngressProxy(
        ClusterSnapshot cluster,
        in Hop accepted,
        TcpEndpoint proxySource,
        out SocketHold? connecting
    )
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var node = accepted.Node!;
        // Never the original source: Cilium uses it for egress only (pkg/proxy, createEnvoyRedirect).
        var wire = new FourTuple(proxySource, accepted.Backend);
        if (!TryConnect(node, wire, out connecting))
            return accepted with { Action = HopAction.AddressNotAvailable, Wire = wire };
        if (!cluster.Pods.ContainsKey(accepted.Backend.Address))
            return accepted with { Action = HopAction.Reset, Wire = wire };
        return accepted with { Action = HopAction.ToPod, Wire = wire };
    }

    /// <summary>
    /// Cilium refuses with ICMP port unreachable and counts a drop. Before, the packet goes on to the stack, and so it
    /// does with kube-proxy: a Service without endpoints is refused there, and where a traffic policy Local leaves none
    /// the packet is lost. Hubble counts neither.
    /// </summary>
    private static (HopAction Action, string? Reason) WithoutBackend(ServiceLookup lookup, NodeDatapath node)
    {
        if (node.RefusesWithoutBackend)
            return (HopAction.Reset, "SERVICE_BACKEND_NOT_FOUND");
        return (lookup is ServiceLookup.NoLocalBackend ? HopAction.Drop : HopAction.Reset, null);
    }

    /// <summary>The node that translates a destination: the one whose address was dialled (a node port), else the
    /// client's. A client that is neither Pod nor node counts as one of the first node.</summary>
    private NodeDatapath ServiceNode(ClusterSnapshot cluster, in FourTuple syn, out PodSlot pod)
    {
        var client = cluster.Table.TryFind(syn.Source.Address, out pod) ? NodeOf(pod.Node) : NodeAt(syn.Source.Address);
        return NodeAt(syn.Destination.Address) ?? client ?? _nodes.Values[0];
    }

    private NodeDatapath? NodeAt(uint address) =>
        address - _addresses.Lowest < _addresses.Count ? _byAddress.GetValueOrDefault(address) : null;

    private NodeDatapath? NodeOf(int number) => (uint)number < (uint)_byNumber.Length ? _byNumber[number] : null;

    private Hop Arrive(
        ClusterSnapshot cluster,
        in PodSlot from,
        in PodSlot to,
        TcpEndpoint client,
        in FourTuple wire,
        bool fromEgressProxy,
        out SocketHold? hold
    )
    {
        hold = null;
        var (source, destination) = (from.Pod, to.Pod!);
        var node = NodeOf(to.Node)
            ?? throw new InvalidOperationException(
                $"pod {destination.HubbleName} is on {destination.NodeName}, which this path does not include"
            );
        var peer = source is null ? (Peer?)null : new Peer(from.Identity, client.Address);
        var verdict = EstablishedConnections.Ingress(cluster, peer, to.Identity, wire);
        var hop = new Hop
        {
            Action = HopAction.ToPod,
            Source = source,
            Destination = destination,
            Client = client,
            Wire = wire,
            Node = node,
        };
        if (verdict.IsDrop)
            return hop with { Action = HopAction.Drop, Reason = EstablishedConnections.ReasonOf(verdict) };
        if (!verdict.IsRedirect)
            return hop;
        var ends = SocketEnds.AcceptedFrom(wire);
        // A socket of the ingress proxy with these ends is the client's old one, which is still being closed: the SYN
        // of a client that uses its port again takes its place (RFC 9293, 3.10.7.4). Of the egress proxy only where the
        // sockets of all nodes are in one table (SocketScope.Shared), the stand-in for what cilium/cilium#14268
        // reports.
        if (fromEgressProxy && node.Sockets.Contains(ends with { OfEgressProxy = true }))
            return hop with { Action = HopAction.LostAtRedirect };
        hold = Accept(node, ends);
        return hop with { Action = HopAction.ToIngressProxy, HttpRules = verdict.Http };
    }

    private static SocketHold Accept(NodeDatapath node, SocketEnds ends)
    {
        node.Sockets.Accept(ends);
        return new SocketHold(node.Sockets, ends);
    }

    private static bool TryConnect(NodeDatapath node, in FourTuple wire, out SocketHold? connecting)
    {
        var ends = SocketEnds.Connecting(wire);
        connecting = null;
        if (!node.Sockets.TryConnect(ends))
            return false;
        connecting = new SocketHold(node.Sockets, ends);
        return true;
    }
}
