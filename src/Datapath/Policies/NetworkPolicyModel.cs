using System.Collections.Immutable;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>The three kinds of policy object.</summary>
public enum PolicyKind
{
    /// <summary>cilium.io/v2 CiliumNetworkPolicy: applies in its namespace.</summary>
    CiliumNetworkPolicy,

    /// <summary>cilium.io/v2 CiliumClusterwideNetworkPolicy: applies in all namespaces.</summary>
    CiliumClusterwideNetworkPolicy,

    /// <summary>networking.k8s.io/v1 NetworkPolicy.</summary>
    NetworkPolicy,
}

/// <summary>A policy that was read and found valid, with every implied part (namespace, defaults) made
/// explicit.</summary>
/// <param name="Kind">What kind of object it was.</param>
/// <param name="Namespace">Its namespace; empty for a clusterwide policy.</param>
/// <param name="Name">Its name.</param>
/// <param name="Source">The file or other source it was read from.</param>
/// <param name="Line">The line where it starts, from 1; 0 when the source has no lines.</param>
/// <param name="Specs">Its rules: one entry for <c>spec</c>, one for each of <c>specs</c>.</param>
public sealed record NetworkPolicyModel(
    PolicyKind Kind,
    string Namespace,
    string Name,
    string Source,
    int Line,
    ImmutableArray<PolicySpec> Specs
)
{
    /// <summary>The release whose rules it was read by: that of the cluster.</summary>
    public CiliumVersion Release { get; init; } = ReleaseChanges.Compared;
}

/// <summary>The rules for the endpoints one selector selects.</summary>
/// <param name="Subject">Selects the endpoints; the implied namespace is part of it.</param>
/// <param name="Ingress">Allow and deny rules for traffic to the subject.</param>
/// <param name="Egress">Allow and deny rules for traffic from the subject.</param>
/// <param name="IngressDefaultDeny">Whether selecting an endpoint makes everything else to it denied.</param>
/// <param name="EgressDefaultDeny">Whether selecting an endpoint makes everything else from it denied.</param>
public sealed record PolicySpec(
    LabelSelector Subject,
    ImmutableArray<TrafficRule> Ingress,
    ImmutableArray<TrafficRule> Egress,
    bool IngressDefaultDeny,
    bool EgressDefaultDeny
);

/// <summary>One rule: a peer AND a port must match.</summary>
/// <param name="IsDeny">Whether a match forbids the traffic; a deny wins over any allow.</param>
/// <param name="AnyPeer">Whether every peer matches; otherwise one of <paramref name="Peers"/> must, and none matches
/// when that is empty.</param>
/// <param name="Peers">The peers, any of which suffices.</param>
/// <param name="Ports">The ports, any of which suffices; empty means all ports of all protocols.</param>
public sealed record TrafficRule(
    bool IsDeny,
    bool AnyPeer,
    ImmutableArray<PeerSelector> Peers,
    ImmutableArray<PortRule> Ports
)
{
    /// <summary>Whether it has peers at all. One without makes no filter.</summary>
    internal bool HasPeers => AnyPeer || !Peers.IsEmpty;

    /// <summary>Whether one of its selectors selects every peer.</summary>
    internal bool SelectsAll => AnyPeer || Peers.Any(p => p is EntityPeer { Entity: "all" });

    /// <summary>Matches no traffic. Its section still begins default deny.</summary>
    public static TrafficRule Nothing(bool isDeny) => new(isDeny, false, [], []);

    /// <summary>Whether a peer names the host of the subject's node: then the rule's HTTP rules bind the host, too,
    /// which is otherwise allowed every request.</summary>
    internal bool NamesHost => Peers.Any(p => p.NamesHost);
}

/// <summary>Selects peers in one of the ways the sealed types below stand for.</summary>
public abstract record PeerSelector
{
    /// <summary>Whether a peer matches.</summary>
    public abstract bool Matches(Peer peer);

    /// <summary>Whether it is a selector of the host alone, or contains one.</summary>
    internal virtual bool NamesHost => false;
}

/// <summary>Selects peers by their labels.</summary>
/// <param name="Selector">The selector, with the implied namespace.</param>
public sealed record EndpointPeer(LabelSelector Selector) : PeerSelector
{
    public override bool Matches(Peer peer) => Selector.Matches(peer.Identity.Labels);

    internal override bool NamesHost =>
        Selector.Requirements is [{ Source: Label.Reserved, Key: "host", Operator: LabelOperator.In, Values: [""] }];
}

/// <summary>Selects external peers by address; addresses of pods and nodes never match (Cilium's rule, also for a
/// NetworkPolicy's ipBlock).</summary>
/// <param name="Block">The addresses.</param>
/// <param name="Except">The addresses inside the block that do not match.</param>
public sealed record CidrPeer(CidrBlock Block, ImmutableArray<CidrBlock> Except) : PeerSelector
{
    public override bool Matches(Peer peer) =>
        peer.Identity.IsExternal && Block.Contains(peer.Address) && !Except.Any(e => e.Contains(peer.Address));
}

/// <summary>Selects peers by their DNS names: none, because the lab has no outside world. It is a peer nevertheless,
/// whose rules may conflict with others.</summary>
/// <param name="Name">The name or pattern.</param>
public sealed record NamePeer(string Name) : PeerSelector
{
    public override bool Matches(Peer peer) => false;
}

/// <summary>One port or range of ports, and what is allowed there.</summary>
/// <param name="Ports">The ports: numbers or a name.</param>
/// <param name="Protocol">The protocol; null means any.</param>
/// <param name="Http">The HTTP rules; null means none are given and traffic is not redirected to the proxy.</param>
/// <param name="IsDns">Whether DNS rules are given. The lab has no DNS proxy: a plain allow, which conflicts with HTTP
/// rules on the same port.</param>
public sealed record PortRule(PortMatch Ports, L4Protocol? Protocol, HttpRuleSet? Http, bool IsDns = false)
{
    /// <summary>
    /// Whether an endpoint without default deny in this direction is allowed every request: the HTTP rules of a section
    /// whose <c>enableDefaultDeny</c> is false.
    /// </summary>
    public bool HttpNeedsDefaultDeny { get; init; }

    /// <summary>Which filter of its protocol it is merged into: rules whose ports are written alike are one (see <see
    /// cref="PortFilters"/>).</summary>
    public string Filter { get; init; } = "";

    internal HttpRuleSet? HttpWith(bool defaultDeny) =>
        Http is not null && HttpNeedsDefaultDeny && !defaultDeny ? HttpRuleSet.AllowAll : Http;
}

/// <summary>A range of port numbers or the name of a port.</summary>
/// <param name="First">The first port, 0–65535 (0 in the range of all ports); 0 with a name.</param>
/// <param name="Last">The last port, inclusive; with a name, the range's end if it is above the name's port.</param>
/// <param name="Name">The name, lower case: on ingress looked up in the subject's named ports, on egress in those of
/// all Pods; null for numbers.</param>
public sealed record PortMatch(ushort First, ushort Last, string? Name)
{
    /// <summary>All ports.</summary>
    public static PortMatch All { get; } = new(0, ushort.MaxValue, null);
}
