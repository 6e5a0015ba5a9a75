using System.Collections.Immutable;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>A CiliumCIDRGroup.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Blocks">Its <c>externalCIDRs</c>.</param>
public sealed record CidrGroup(
    string Name,
    IReadOnlyCollection<KeyValuePair<string, string>> Labels,
    ImmutableArray<CidrBlock> Blocks
);

/// <summary>A Service as policies see it.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
/// <param name="Labels">Its own labels.</param>
/// <param name="Selector">What selects its Pods; empty where nothing does.</param>
/// <param name="Endpoints">The addresses of its endpoints.</param>
public sealed record ReferencedService(
    string Namespace,
    string Name,
    IReadOnlyCollection<KeyValuePair<string, string>> Labels,
    IReadOnlyCollection<KeyValuePair<string, string>> Selector,
    ImmutableArray<uint> Endpoints
);

/// <summary>Selects external peers by the CiliumCIDRGroups of a name or with labels. Until it is resolved it selects
/// nothing, as a group that does not exist.</summary>
/// <param name="Name">The group's name; null with a selector.</param>
/// <param name="Selector">Selects groups by their labels; null with a name.</param>
/// <param name="Except">The addresses inside the groups' blocks that do not match.</param>
public sealed record CidrGroupPeer(string? Name, LabelSelector? Selector, ImmutableArray<CidrBlock> Except)
    : PeerSelector
{
    public override bool Matches(Peer peer) => false;
}

/// <summary>Selects the peers behind Services. Until it is resolved it selects nothing, as a Service that does not
/// exist.</summary>
/// <param name="Namespace">The Services' namespace; empty for any.</param>
/// <param name="Name">The Service's name; null with a selector.</param>
/// <param name="Selector">Selects Services by their labels; null with a name.</param>
/// <param name="SelectsPods">Whether it selects the Pods of a Service that has a selector. Else such a Service does not
/// count.</param>
public sealed record ServicePeer(string Namespace, string? Name, LabelSelector? Selector, bool SelectsPods)
    : PeerSelector
{
    public override bool Matches(Peer peer) => false;
}

/// <summary>The objects that policies refer to, at one moment.</summary>
/// <param name="Groups">The CiliumCIDRGroups.</param>
/// <param name="Services">The Services.</param>
public sealed record PolicyReferences(ImmutableArray<CidrGroup> Groups, ImmutableArray<ReferencedService> Services)
{
    /// <summary>No objects.</summary>
    public static PolicyReferences None { get; } = new([], []);

    /// <summary>Whether any policy refers to objects.</summary>
    public static bool AreNeeded(IEnumerable<NetworkPolicyModel> policies) =>
        policies
            .SelectMany(p => p.Specs)
            .SelectMany(s => s.Ingress.Concat(s.Egress))
            .SelectMany(r => r.Peers)
            .Any(p => p is CidrGroupPeer or ServicePeer);

    internal PolicySpec Resolve(PolicySpec spec) =>
        spec with
        {
            Ingress = Resolve(spec.Ingress),
            Egress = Resolve(spec.Egress),
        };

    private ImmutableArray<TrafficRule> Resolve(ImmutableArray<TrafficRule> rules) =>
        rules.Any(r => r.Peers.Any(p => p is CidrGroupPeer or ServicePeer))
            ? [.. rules.Select(r => r with { Peers = [.. r.Peers.SelectMany(Resolve)] })]
            : rules;

    private IEnumerable<PeerSelector> Resolve(PeerSelector peer) =>
        peer switch
        {
            CidrGroupPeer group => Groups
                .Where(g =>
                    group.Name is null ? Selects(group.Selector, Label.CidrGroup, g.Labels) : g.Name == group.Name
                )
                .SelectMany(g => g.Blocks)
                .Select(b => (PeerSelector)new CidrPeer(b, group.Except))
                // A group that does not exist is a peer still, whose rules may conflict with others.
                .DefaultIfEmpty(group),
            ServicePeer service => Services
                .Where(s => service.Namespace.Length == 0 || s.Namespace == service.Namespace)
                .Where(s =>
                    service.Selector is null
                        ? s.Name == service.Name
                        : Selects(service.Selector, Label.Kubernetes, s.Labels)
                )
                .SelectMany(s => Behind(s, service.SelectsPods)),
            _ => [peer],
        };

    private static bool Selects(
        LabelSelector? selector,
        string source,
        IEnumerable<KeyValuePair<string, string>> labels
    ) => selector?.Matches([.. labels.Select(l => new Label(source, l.Key, l.Value))]) is true;

    /// <summary>The Pods of a Service by its selector; without one its endpoints by address, where they are outside of
    /// the cluster (cilium, pkg/policy/k8s/service.go).</summary>
    private static IEnumerable<PeerSelector> Behind(ReferencedService service, bool selectsPods)
    {
        if (service.Selector.Count == 0)
            return service.Endpoints.Select(a => new CidrPeer(CidrBlock.OfAddress(a), []));
        return selectsPods
            ?
            [
                new EndpointPeer(
                    new LabelSelector([
                        .. service.Selector.Select(l => LabelSelector.Equal(Label.Kubernetes, l.Key, l.Value)),
                        LabelSelector.Equal(Label.Kubernetes, Label.PodNamespace, service.Namespace),
                    ])
                ),
            ]
            : [];
    }
}
