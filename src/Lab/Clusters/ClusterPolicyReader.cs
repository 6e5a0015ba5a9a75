using System.Collections.Immutable;
using System.Net;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Releases;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>What policies do on the path from a client to the Pods of a Service.</summary>
/// <param name="Egress">HTTP rules apply on the client's side.</param>
/// <param name="Ingress">HTTP rules apply on the Pods' side.</param>
/// <param name="Denied">Pods that the client may not reach at all, by <c>namespace/pod</c>.</param>
public sealed record PathPolicies(bool Egress, bool Ingress, ImmutableHashSet<string> Denied)
{
    /// <summary>There are no policies.</summary>
    public static PathPolicies None { get; } = new(false, false, []);

    /// <summary>What the policies of the path mean that their text does not say, one line each.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];
}

/// <summary>The policies of a cluster at one moment.</summary>
public sealed class ClusterPolicyReader
{
    private static readonly (string Group, string Version, string Plural, string Kind)[] s_kinds =
    [
        ("cilium.io", "v2", "ciliumnetworkpolicies", "CiliumNetworkPolicy"),
        ("cilium.io", "v2", "ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy"),
        ("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"),
    ];

    private readonly IdentityTable _identities = new();
    private readonly PolicySet _policies;
    private readonly List<(NetworkPolicyModel Policy, PolicyProblem Note)> _notes;
    private readonly Dictionary<string, IDictionary<string, string>?> _namespaceLabels;

    private ClusterPolicyReader(
        List<NetworkPolicyModel> models,
        List<(NetworkPolicyModel Policy, PolicyProblem Note)> notes,
        Dictionary<string, IDictionary<string, string>?> namespaceLabels,
        PolicyReferences references,
        IEnumerable<NamedPort>? namedPorts,
        ImmutableArray<string> problems,
        DateTime? newest
    )
    {
        (_notes, _namespaceLabels) = (notes, namespaceLabels);
        _policies = PolicySet.Create(models, _identities, namedPorts, references: references);
        (Problems, Newest) = (problems, newest);
    }

    /// <summary>Policies that cannot be understood, one line each.</summary>
    public ImmutableArray<string> Problems { get; }

    /// <summary>When the newest policy was created, UTC; null without one.</summary>
    public DateTime? Newest { get; }

    /// <summary>Reads all policies. A kind that the cluster does not know has none.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="release">Its Cilium, whose rules hold; null: unknown, and those of
    /// <see cref="ReleaseChanges.Compared"/> do.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<ClusterPolicyReader> ReadAsync(
        IKubernetes cluster,
        CiliumVersion? release,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(cluster);
        List<NetworkPolicyModel> models = [];
        List<(NetworkPolicyModel Policy, PolicyProblem Note)> notes = [];
        var problems = ImmutableArray.CreateBuilder<string>();
        DateTime? newest = null;
        foreach (var (group, version, plural, kind) in s_kinds)
        {
            PolicyObjectList list;
            try
            {
                list = await cluster.CustomObjects.ListClusterCustomObjectAsync<PolicyObjectList>(
                    group,
                    version,
                    plural,
                    cancellationToken: cancellationToken
                );
            }
            catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.NotFound)
            {
                continue;
            }
            foreach (var item in list.Items)
            {
                if (item.Kind.Length == 0)
                    item.Kind = kind;
                if (item.ApiVersion.Length == 0)
                    item.ApiVersion = $"{group}/{version}";
                var read = PolicyReader.ReadJson(
                    item.ToJson(),
                    $"{item.Kind} {item.Metadata.NamespaceProperty}/{item.Metadata.Name}",
                    release
                );
                models.AddRange(read.Policies);
                notes.AddRange(read.Policies.SelectMany(_ => read.Notes, (policy, note) => (policy, note)));
                problems.AddRange(read.Problems.Select(p => p.ToString()));
                if (item.Metadata.CreationTimestamp is { } created && (newest is null || created > newest))
                    newest = created;
            }
        }
        var namespaceLabels = PodIdentities.AskForNamespaceLabels(models)
            ? await NamespaceLabelsAsync(cluster, problems, cancellationToken)
            : [];
        var references = PolicyReferences.AreNeeded(models)
            ? await ReferencesAsync(cluster, problems, cancellationToken)
            : PolicyReferences.None;
        var namedPorts = PodIdentities.AskForNamedPorts(models)
            ? await NamedPortsAsync(cluster, problems, cancellationToken)
            : null;
        return new ClusterPolicyReader(
            models,
            notes,
            namespaceLabels,
            references,
            namedPorts,
            problems.ToImmutable(),
            newest
        );
    }

    /// <summary>The named ports of all Pods that are endpoints of Cilium: those that run, and not on their node's
    /// network.</summary>
    private static async Task<IEnumerable<NamedPort>?> NamedPortsAsync(
        IKubernetes cluster,
        ImmutableArray<string>.Builder problems,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var pods = await cluster.CoreV1.ListPodForAllNamespacesAsync(
                fieldSelector: "status.phase=Running",
                cancellationToken: cancellationToken
            );
            return
            [
                .. pods
                    .Items.Where(p => p.Spec.HostNetwork is not true)
                    .SelectMany(PodIdentities.NamedPorts)
                    .Distinct(),
            ];
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.Forbidden)
        {
            problems.Add("a policy names ports on egress, and this user may not list pods of all namespaces");
            return null;
        }
    }

    /// <summary>The Services that policies may name. Addresses outside of the cluster select no Pods: neither
    /// CiliumCIDRGroups nor the endpoints of Services without a selector matter between Pods.</summary>
    private static async Task<PolicyReferences> ReferencesAsync(
        IKubernetes cluster,
        ImmutableArray<string>.Builder problems,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var services = await cluster.CoreV1.ListServiceForAllNamespacesAsync(cancellationToken: cancellationToken);
            return new PolicyReferences([], [.. services.Items.Select(s => ServiceReferences.Of(s, []))]);
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.Forbidden)
        {
            problems.Add("a policy selects by Services, and this user may not list Services");
            return PolicyReferences.None;
        }
    }

    private static async Task<Dictionary<string, IDictionary<string, string>?>> NamespaceLabelsAsync(
        IKubernetes cluster,
        ImmutableArray<string>.Builder problems,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var namespaces = await cluster.CoreV1.ListNamespaceAsync(cancellationToken: cancellationToken);
            return namespaces.Items.ToDictionary(n => n.Name(), n => n.Labels(), StringComparer.Ordinal)!;
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.Forbidden)
        {
            problems.Add("a policy selects by labels of namespaces, and this user may not list namespaces");
            return [];
        }
    }

    /// <summary>What the policies do on the path from a client to some Pods.</summary>
    public PathPolicies Between(V1Pod client, IEnumerable<V1Pod> targets, ushort port)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(targets);
        var source = PeerOf(client);
        var (egress, ingress) = (false, false);
        HashSet<EndpointIdentity> arrived = [];
        var denied = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
        foreach (var pod in targets)
        {
            var target = PeerOf(pod);
            arrived.Add(target.Identity);
            var leaving = _policies.Evaluate(TrafficDirection.Egress, source.Identity, target, port, L4Protocol.Tcp);
            var arriving = _policies.Evaluate(TrafficDirection.Ingress, target.Identity, source, port, L4Protocol.Tcp);
            egress |= leaving.IsRedirect;
            ingress |= arriving.IsRedirect;
            if (leaving.IsDrop || arriving.IsDrop)
                denied.Add($"{pod.Namespace()}/{pod.Name()}");
        }
        return new PathPolicies(egress, ingress, denied.ToImmutable()) { Notes = Notes(source.Identity, arrived) };
    }

    /// <summary>Of the rules that apply on the way: on egress those of the client's policies, on ingress those of the
    /// targets'. What several rules have in common is one line.</summary>
    private ImmutableArray<string> Notes(EndpointIdentity source, IReadOnlyCollection<EndpointIdentity> targets) =>
        [
            .. PolicyNotes.Lines(
                _notes
                    .Where(n =>
                        n.Policy.Specs.Any(s =>
                            n.Note.Field.Contains(".egress", StringComparison.Ordinal)
                                && s.Subject.Matches(source.Labels)
                            || n.Note.Field.Contains(".ingress", StringComparison.Ordinal)
                                && targets.Any(t => s.Subject.Matches(t.Labels))
                        )
                    )
                    .Select(n => n.Note)
            ),
        ];

    private Peer PeerOf(V1Pod pod) => new(_identities.Of(pod, _namespaceLabels.GetValueOrDefault(pod.Namespace())), 0);
}
