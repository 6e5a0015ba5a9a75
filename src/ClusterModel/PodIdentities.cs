using System.Collections.Immutable;
using CiliumDebugging.Datapath.Policies;
using k8s.Models;

namespace CiliumDebugging.ClusterModel;

/// <summary>What policies see of a Pod object: its own labels, its namespace's, its service account and the names of
/// its ports.</summary>
public static class PodIdentities
{
    /// <summary>Key of the label that names a Pod's service account (cilium, pkg/k8s/apis/cilium.io).</summary>
    private const string ServiceAccount = "io.cilium.k8s.policy.serviceaccount";

    /// <summary>The identity of a Pod.</summary>
    /// <param name="table">Where identities are numbered.</param>
    /// <param name="pod">The Pod.</param>
    /// <param name="namespaceLabels">The labels of its namespace; null: only the name is known.</param>
    public static EndpointIdentity Of(this IdentityTable table, V1Pod pod, IDictionary<string, string>? namespaceLabels)
    {
        var labels = (pod.Labels() ?? ImmutableDictionary<string, string>.Empty).Append(
            KeyValuePair.Create(ServiceAccount, pod.Spec.ServiceAccountName is { Length: > 0 } name ? name : "default")
        );
        return table.Pod(pod.Namespace(), labels, namespaceLabels, NamedPorts(pod));
    }

    /// <summary>The ports of a Pod that have a name.</summary>
    public static IEnumerable<NamedPort> NamedPorts(V1Pod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        return pod
            .Spec.Containers.SelectMany(c => c.Ports ?? [])
            .Where(p => p.Name is not null)
            .Select(p => new NamedPort(p.Name, (ushort)p.ContainerPort, Protocol(p.Protocol)));
    }

    /// <summary>Whether any egress rule names a port: a name is that of any Pod of the cluster.</summary>
    public static bool AskForNamedPorts(IEnumerable<NetworkPolicyModel> policies) =>
        policies
            .SelectMany(p => p.Specs)
            .SelectMany(s => s.Egress)
            .SelectMany(r => r.Ports)
            .Any(p => p.Ports.Name is not null);

    /// <summary>Whether any policy selects by labels of namespaces other than the one that holds the name, which every
    /// Pod's identity has.</summary>
    public static bool AskForNamespaceLabels(IEnumerable<NetworkPolicyModel> policies) =>
        policies
            .SelectMany(p => p.Specs)
            .SelectMany(s =>
                s.Ingress.Concat(s.Egress)
                    .SelectMany(r => r.Peers)
                    .OfType<EndpointPeer>()
                    .Select(p => p.Selector)
                    .Append(s.Subject)
            )
            .SelectMany(s => s.Requirements)
            .Any(r =>
                r.Key.StartsWith(Label.NamespaceLabelPrefix, StringComparison.Ordinal)
                && r.Key != Label.NamespaceLabelPrefix + IdentityTable.MetadataName
            );

    private static L4Protocol Protocol(string? text) =>
        text switch
        {
            "UDP" => L4Protocol.Udp,
            "SCTP" => L4Protocol.Sctp,
            _ => L4Protocol.Tcp,
        };
}
