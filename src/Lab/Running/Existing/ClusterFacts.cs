using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Measurement.Runs;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Running.Existing;

/// <summary>The cluster a report was measured on: versions of nodes, kernels, container runtimes and images.</summary>
public static class ClusterFacts
{
    /// <summary>Name of the file.</summary>
    public const string File = "cluster.json";

    /// <summary>Reads them.</summary>
    public static async Task<JsonObject> ReadAsync(Kubernetes cluster, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var version = await ServerVersionAsync(cluster, cancellationToken);
        var nodes = await cluster.CoreV1.ListNodeAsync(cancellationToken: cancellationToken);
        var pods = await cluster.CoreV1.ListPodForAllNamespacesAsync(cancellationToken: cancellationToken);
        return new JsonObject
        {
            ["kubernetes"] = version,
            ["nodes"] = new JsonArray([
                .. nodes
                    .Items.OrderBy(n => n.Name(), StringComparer.Ordinal)
                    .Select(n => new JsonObject
                    {
                        ["name"] = n.Name(),
                        ["kubelet"] = n.Status?.NodeInfo?.KubeletVersion,
                        ["kernel"] = n.Status?.NodeInfo?.KernelVersion,
                        ["os"] = n.Status?.NodeInfo?.OsImage,
                        ["architecture"] = n.Status?.NodeInfo?.Architecture,
                        ["runtime"] = n.Status?.NodeInfo?.ContainerRuntimeVersion,
                        ["podCIDR"] = n.Spec?.PodCIDR,
                    }),
            ]),
            ["pods"] = new JsonArray([
                .. pods
                    .Items.OrderBy(p => p.Namespace(), StringComparer.Ordinal)
                    .ThenBy(p => p.Name(), StringComparer.Ordinal)
                    .Select(p => new JsonObject
                    {
                        ["namespace"] = p.Namespace(),
                        ["name"] = p.Name(),
                        ["node"] = p.Spec.NodeName,
                        ["ip"] = p.Status?.PodIP,
                        ["images"] = new JsonArray([.. p.Spec.Containers.Select(c => (JsonNode?)c.Image)]),
                        ["imageIDs"] = new JsonArray([
                            .. (p.Status?.ContainerStatuses ?? []).Select(c => (JsonNode?)c.ImageID),
                        ]),
                        ["restarts"] = (p.Status?.ContainerStatuses ?? []).Sum(c => c.RestartCount),
                    }),
            ]),
        };
    }

    /// <summary>Adds the versions of the cluster to a report.</summary>
    public static async Task<RunDetails> AddToAsync(
        RunDetails details,
        Kubernetes cluster,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(details);
        ArgumentNullException.ThrowIfNull(cluster);
        var nodes = await cluster.CoreV1.ListNodeAsync(cancellationToken: cancellationToken);
        return details with
        {
            Kubernetes = await ServerVersionAsync(cluster, cancellationToken) ?? "of unknown version",
            Nodes =
            [
                .. nodes
                    .Items.Select(n => n.Status?.NodeInfo)
                    .GroupBy(i => (i?.KubeletVersion, i?.KernelVersion, i?.OsImage, i?.ContainerRuntimeVersion))
                    .OrderByDescending(g => g.Count())
                    .Select(g => new NodeVersions(
                        g.Count(),
                        g.Key.KubeletVersion,
                        g.Key.KernelVersion,
                        g.Key.OsImage,
                        g.Key.ContainerRuntimeVersion
                    )),
            ],
        };
    }

    /// <summary>Writes them beside a report.</summary>
    public static async Task WriteAsync(Kubernetes cluster, string folder, CancellationToken cancellationToken) =>
        await System.IO.File.WriteAllTextAsync(
            Path.Combine(folder, File),
            (await ReadAsync(cluster, cancellationToken)).ToJsonString(
                new JsonSerializerOptions { WriteIndented = true }
            ) + "\n",
            cancellationToken
        );

    internal static async Task<string?> ServerVersionAsync(Kubernetes cluster, CancellationToken cancellationToken)
    {
        try
        {
            return (await cluster.Version.GetCodeAsync(cancellationToken)).GitVersion;
        }
        catch (Exception e) when (ApiFailures.Is(e))
        {
            // Not every server with this API reports its version.
            return null;
        }
    }
}
