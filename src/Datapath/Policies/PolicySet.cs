using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Releases;

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
    private readonly CiliumVersion _release;
    private readonly PortSections _sections;
    private readonly Lazy<ImmutableArray<NamedPort>> _clusterPorts;
    private readonly ConcurrentDictionary<int, FailedRegeneration?>? _failed;
    private readonly PagedTable<SubjectPolicy> _ingress = new();
    private readonly PagedTable<SubjectPolicy> _egress = new();
    private readonly Dictionary<string, SubjectPolicy> _byRules = new(StringComparer.Ordinal);

    private PolicySet(
        ImmutableArray<NetworkPolicyModel> policies,
        IdentityTable identities,
        IEnumerable<NamedPort>? namedPorts,
        PolicySet? previous,
        PolicyReferences references
    )
    {
        Policies = policies;
        _identities = identities;
        _clusterPorts = new(() => Unambiguous(namedPorts ?? identities.NamedPorts()));
        // The policies of a cluster are read for its release.
        _release = policies.IsEmpty ? ReleaseChanges.Compared : policies[0].Release;
        _sections = new PortSections(_release);
        _specs = [.. policies.SelectMany(p => p.Specs).Select(references.Resolve)];
        _peers = new PeerClasses(_specs);
        _failed = L7Conflicts.MayBeIn(_specs) ? Failures(previous) : null;
    }

    /// <summary>The policies of the set, in the order given. It has an effect only where policies write one port in two
    /// ways (<see cref="PortFilters"/>).</summary>
    public ImmutableArray<NetworkPolicyModel> Policies { get; }

    /// <summary>Builds a set.</summary>
    /// <param name="policies">Policies as read by <see cref="PolicyReader"/>.</param>
    /// <param name="identities">The table that the identities of every question come from.</param>
    /// <param name="namedPorts">The named ports of all Pods, which egress rules may name; null: those of all identities
    /// of the table, when a name is first needed.</param>
    /// <param name="previous">The set before: an endpoint whose new policy cannot be realised keeps its old
    /// one.</param>
    /// <param name="references">The objects that policies refer to; null: there are none.</param>
    public static PolicySet Create(
        IEnumerable<NetworkPolicyModel> policies,
        IdentityTable identities,
        IEnumerable<NamedPort>? namedPorts = null,
        PolicySet? previous = null,
        PolicyReferences? references = null
    )
    {
        ArgumentNullException.ThrowIfNull(policies);
        ArgumentNullException.ThrowIfNull(identities);
        return new PolicySet([.. policies], identities, namedPorts, previous, references ?? PolicyReferences.None);
    }

    /// <summary>Why an endpoint's policy cannot be realised, in Cilium's words; null: it can. The endpoint keeps the
    /// policy of the previous set.</summary>
    public string? RegenerationError(EndpointIdentity subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        return Failure(subject)?.Error;
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
        if (_failed is not null && Failure(subject) is { } failed)
            return EvaluateKept(failed, direction, subject, peer, port, protocol);
        SubjectPolicy policy = (direction == TrafficDirection.Ingress ? _ingress : _egress).Get(subject.Id)
            ?? Resolve(direction, subject);
        return policy.Evaluate(_peers.Of(peer), port, protocol);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static PolicyVerdict EvaluateKept(
        FailedRegeneration failed,
        TrafficDirection direction,
        EndpointIdentity subject,
        Peer peer,
        ushort port,
        L4Protocol protocol
    ) =>
        failed.Kept is { } kept
            ? kept.Evaluate(direction, subject, peer, port, protocol)
            : PolicyVerdict.Drop(DropReason.PolicyDenied);

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

    private ConcurrentDictionary<int, FailedRegeneration?> Failures(PolicySet? previous)
    {
        var failures = new ConcurrentDictionary<int, FailedRegeneration?>();
        foreach (EndpointIdentity identity in _identities.All())
        {
            string? error = L7Conflicts.Find(SpecsOf(identity), _release);
            PolicySet? kept =
                previous is null ? null
                : previous.Failure(identity) is { } before ? before.Kept
                : previous;
            failures[identity.Id] = error is null ? null : new FailedRegeneration(error, kept);
        }
        return failures;
    }

    /// <summary>An identity that the table did not have when the set was made has no old policy.</summary>
    private FailedRegeneration? Failure(EndpointIdentity subject) =>
        _failed?.GetOrAdd(
            subject.Id,
            static (_, s) =>
                L7Conflicts.Find(s.Set.SpecsOf(s.Subject), s.Set._release) is { } e
                    ? new FailedRegeneration(e, null)
                    : null,
            (Set: this, Subject: subject)
        );

    private IEnumerable<PolicySpec> SpecsOf(EndpointIdentity subject) =>
        subject.IsEndpoint ? _specs.Where(s => s.Subject.Matches(subject.Labels)) : [];

    /// <summary>The port of each name cluster-wide. A name with two numbers for one protocol has none.</summary>
    private static ImmutableArray<NamedPort> Unambiguous(IEnumerable<NamedPort> ports) =>
        [
            .. ports
                .Distinct()
                .GroupBy(p => (p.Name, p.Protocol))
                .Where(g => g.Count() == 1)
                .Select(g => g.First())
                .OrderBy(p => p.Name, StringComparer.Ordinal)
                .ThenBy(p => p.Protocol),
        ];

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

        // Subjects that the same specs select share their tables, unless port names make them differ: on ingress they
        // are the subject's own, on egress those of all Pods (cilium, NamedPortMultiMap).
        bool byName = selected.Any(i =>
            RulesOf(_specs[i], direction).Any(r => r.Ports.Any(p => p.Ports.Name is not null))
        );
        ImmutableArray<NamedPort> names =
            !byName ? []
            : direction == TrafficDirection.Ingress ? subject.NamedPorts
            : _clusterPorts.Value;
        string ports = string.Join(',', names.Select(n => $"{n.Name}={n.Port}/{n.Protocol}"));
        string key = $"{direction} {string.Join(',', selected)} {ports}";
        lock (_gate)
        {
            if (!_byRules.TryGetValue(key, out SubjectPolicy? policy))
            {
                bool defaultDeny = selected.Any(i => DefaultDeny(_specs[i], direction));
                policy = new SubjectPolicy(
                    direction,
                    PortFilters.Merge(selected.SelectMany(i => RulesOf(_specs[i], direction))),
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

    /// <summary>An endpoint whose policy could not be realised.</summary>
    /// <param name="Error">Why.</param>
    /// <param name="Kept">The set whose policy it keeps; null: it never had one, and drops everything.</param>
    private sealed record FailedRegeneration(string Error, PolicySet? Kept);
}
