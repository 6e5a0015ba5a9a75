using System.Collections.Immutable;
using CiliumDebugging.Datapath.Policies.Manifests;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>All policies of a cluster at one moment. Immutable: an update is a new set over the same
/// <see cref="IdentityTable"/>. Verdicts are compiled on first use and then read from tables without locks or
/// allocation. Safe for concurrent use.</summary>
public sealed class PolicySet
{
    private readonly Lock _gate = new();
    private readonly IdentityTable _identities;
    private readonly ImmutableArray<PolicySpec> _specs;
    private readonly PeerClasses _peers;
    private readonly PortSections _sections = new();
    private readonly PagedTable<SubjectPolicy> _ingress = new();
    private readonly PagedTable<SubjectPolicy> _egress = new();
    private readonly Dictionary<string, SubjectPolicy> _byRules = new(StringComparer.Ordinal);

    private PolicySet(ImmutableArray<NetworkPolicyModel> policies, IdentityTable identities)
    {
        Policies = policies;
        _identities = identities;
        _specs = [.. policies.SelectMany(p => p.Specs)];
        _peers = new PeerClasses(_specs);
    }

    /// <summary>The policies of the set, in the order given; the order has no effect on verdicts.</summary>
    public ImmutableArray<NetworkPolicyModel> Policies { get; }

    /// <summary>Builds a set.</summary>
    /// <param name="policies">Policies as read by <see cref="PolicyReader"/>.</param>
    /// <param name="identities">The table that the identities of every question come from.</param>
    public static PolicySet Create(IEnumerable<NetworkPolicyModel> policies, IdentityTable identities)
    {
        ArgumentNullException.ThrowIfNull(policies);
        ArgumentNullException.ThrowIfNull(identities);
        return new PolicySet([.. policies], identities);
    }

    /// <summary>The verdict on a new connection in one direction. A connection needs the egress verdict of its source
    /// and the ingress verdict of its destination.</summary>
    /// <param name="direction">Whose policy applies: the destination's (ingress) or the source's (egress).</param>
    /// <param name="subject">The endpoint whose policy applies. Hosts and the world have none: always allowed.</param>
    /// <param name="peer">The other end.</param>
    /// <param name="port">The destination port after service translation: the backend's port.</param>
    /// <param name="protocol">The protocol.</param>
    /// <exception cref="ArgumentException">An identity is of another table.</exception>
    public PolicyVerdict Evaluate(
        TrafficDirection direction,
        EndpointIdentity subject,
        Peer peer,
        ushort port,
        L4Protocol protocol
    )
    {
        ArgumentNullException.ThrowIfNull(subject);
        if (subject.Table != _identities || peer.Identity.Table != _identities)
            ThrowForeignIdentity();
        SubjectPolicy policy = (direction == TrafficDirection.Ingress ? _ingress : _egress).Get(subject.Id)
            ?? Resolve(direction, subject);
        return policy.Evaluate(_peers.Of(peer), port, protocol);
    }

    /// <summary>Whether any policy puts the subject into default deny in a direction.</summary>
    public bool IsDefaultDeny(TrafficDirection direction, EndpointIdentity subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        return subject.IsEndpoint && _specs.Any(s => DefaultDeny(s, direction) && s.Subject.Matches(subject.Labels));
    }

    private static bool DefaultDeny(PolicySpec spec, TrafficDirection direction) =>
        direction == TrafficDirection.Ingress ? spec.IngressDefaultDeny : spec.EgressDefaultDeny;

    private static ImmutableArray<TrafficRule> RulesOf(PolicySpec spec, TrafficDirection direction) =>
        direction == TrafficDirection.Ingress ? spec.Ingress : spec.Egress;

    private static void ThrowForeignIdentity() =>
        throw new ArgumentException(
            "The identities of a question must come from the identity table that the policy set was created with."
        );

    private SubjectPolicy Resolve(TrafficDirection direction, EndpointIdentity subject)
    {
        int[] selected = subject.IsEndpoint
            ?
            [
                .. Enumerable
                    .Range(0, _specs.Length)
                    .Where(i => Concerns(_specs[i], direction) && _specs[i].Subject.Matches(subject.Labels)),
            ]
            : [];

        // Subjects that the same specs select share their tables, unless port names make them differ.
        bool byName =
            direction == TrafficDirection.Ingress
            && selected.Any(i => _specs[i].Ingress.Any(r => r.Ports.Any(p => p.Ports.Name is not null)));
        ImmutableArray<NamedPort> names = byName ? subject.NamedPorts : [];
        string ports = string.Join(',', names.Select(n => $"{n.Name}={n.Port}/{n.Protocol}"));
        string key = $"{direction} {string.Join(',', selected)} {ports}";
        lock (_gate)
        {
            if (!_byRules.TryGetValue(key, out SubjectPolicy? policy))
            {
                bool defaultDeny = selected.Any(i => DefaultDeny(_specs[i], direction));
                policy = new SubjectPolicy(
                    direction,
                    selected.SelectMany(i => RulesOf(_specs[i], direction)),
                    defaultDeny,
                    names,
                    _peers,
                    _sections
                );
                _byRules.Add(key, policy);
            }
            (direction == TrafficDirection.Ingress ? _ingress : _egress).Set_NeedsLock(subject.Id, policy);
            return policy;
        }
    }

    private static bool Concerns(PolicySpec spec, TrafficDirection direction) =>
        DefaultDeny(spec, direction) || !RulesOf(spec, direction).IsEmpty;
}
