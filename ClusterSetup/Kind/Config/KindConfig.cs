using System.Collections.Immutable;
using System.Text.RegularExpressions;
using CiliumDebugging.Lab.Manifests;

namespace CiliumDebugging.ClusterSetup.Kind.Config;

/// <summary>
/// kind's configuration of a cluster (kind.x-k8s.io/v1alpha4), as far as the lab uses it. kind reads it strictly: a
/// field it does not know is an error.
///</summary>
/// <param name="Name">
/// Name of the cluster; its nodes are called NAME-control-plane, NAME-worker, NAME-worker2 …
/// </param>
/// <param name="Nodes">The nodes, the control plane first.</param>
/// <param name="Networking">Pod network and network plugin.</param>
internal sealed partial record KindConfig(string Name, ImmutableArray<KindNode> Nodes, KindNetworking Networking)
{
    /// <summary>kind's nodes share one machine.</summary>
    public const int MaxWorkers = 20;

    /// <summary>
    /// A cluster like the original report's: one control plane, workers, its pod network, and no default CNI with
    /// Cilium.
    ///</summary>
    public static KindConfig Create(string name, int workers, string image, bool withCilium) =>
        new(
            name,
            [
                new KindNode(KindRole.ControlPlane, image),
                .. Enumerable.Repeat(new KindNode(KindRole.Worker, image), workers),
            ],
            new KindNetworking(PodSubnet: "10.244.0.0/16", DisableDefaultCNI: withCilium)
        );

    /// <summary>Everything that kind, or the container engine behind it, would refuse.</summary>
    public IEnumerable<string> Problems()
    {
        if (!ClusterName().IsMatch(Name) || Name.Length > 50)
            yield return $"--name '{Name}': a cluster's name has lower-case letters, digits, dots and dashes, "
                + "and at most 50 of them; for example lab";
        if (Nodes.Length - 1 is < 1 or > MaxWorkers)
            yield return $"--nodes {Nodes.Length - 1}: a cluster has from 1 to {MaxWorkers} workers";
        if (Nodes.Count(n => n.Role == KindRole.ControlPlane) != 1)
            yield return "a cluster of the lab has one control plane";
        foreach (var image in Nodes.Select(n => n.Image).Distinct().Where(i => !ImageReference().IsMatch(i)))
            yield return $"--image '{image}': is not an image reference, such as kindest/node:v1.19.16@sha256:…";
    }

    public string ToYaml() =>
        YamlText.Write(
            new
            {
                Kind = "Cluster",
                ApiVersion = "kind.x-k8s.io/v1alpha4",
                Name,
                Networking = new
                {
                    Networking.PodSubnet,
                    DisableDefaultCNI = Networking.DisableDefaultCNI ? true : (bool?)null,
                },
                Nodes = Nodes.Select(n => new { n.Role, n.Image }).ToArray(),
            }
        );

    // A DNS label within kind's own rule, because it becomes part of host names.
    [GeneratedRegex(@"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", RegexOptions.CultureInvariant)]
    private static partial Regex ClusterName();

    [GeneratedRegex(@"^[a-z0-9][a-z0-9._/:-]*(@sha256:[0-9a-f]{64})?$", RegexOptions.CultureInvariant)]
    private static partial Regex ImageReference();
}

/// <summary>Roles of nodes, in kind's words.</summary>
internal static class KindRole
{
    public const string ControlPlane = "control-plane";
    public const string Worker = "worker";
}

/// <param name="Role">A <see cref="KindRole"/>.</param>
/// <param name="Image">Reference of the node image.</param>
internal sealed record KindNode(string Role, string Image);

/// <param name="PodSubnet">Addresses of Pods; each node gets a /24 of it.</param>
/// <param name="DisableDefaultCNI">Leave kind's own network plugin out, because another one is installed.</param>
internal sealed record KindNetworking(string PodSubnet, bool DisableDefaultCNI);
