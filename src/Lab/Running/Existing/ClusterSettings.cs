using System.Collections.Immutable;
using System.Text.Json;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Releases;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Releases;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Running.Existing;

/// <summary>
/// Compares a scenario's settings with those of a cluster, in ConfigMap cilium-config under Cilium's own
/// keys. Keys that begin with <c>sandbox-</c> are for the embedded cluster. On another one the version must be that of
/// its agents, and the others have no meaning.
/// </summary>
internal sealed class ClusterSettings(Kubernetes cluster, TimeProvider time)
{
    private const string VersionKey = "sandbox-cilium-version";
    private const string ServiceProxyKey = "sandbox-service-proxy";
    private const string Sandbox = "sandbox-";
    private static readonly TimeSpan s_restartLimit = TimeSpan.FromMinutes(5);

    /// <summary>What differs, and what can be done about it.</summary>
    /// <param name="ToChange">Settings that cilium-config has otherwise.</param>
    /// <param name="Impossible">What no setting changes, in words.</param>
    public sealed record Difference(
        ImmutableSortedDictionary<string, string> ToChange,
        ImmutableArray<string> Impossible
    );

    /// <summary>Compares.</summary>
    public async Task<Difference> CompareAsync(
        Scenario scenario,
        ClusterReader reader,
        CancellationToken cancellationToken
    )
    {
        var embedded = await IsEmbeddedAsync(cluster, cancellationToken);
        var cilium = await reader.CiliumAsync(cancellationToken);
        var there =
            !cilium.HasAgents && !embedded
                ? ImmutableSortedDictionary<string, string>.Empty
                : await reader.SettingsAsync(cancellationToken);
        var change = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var impossible = ImmutableArray.CreateBuilder<string>();
        foreach (var (key, value) in scenario.Settings)
        {
            if (!embedded && key.StartsWith(Sandbox, StringComparison.Ordinal))
            {
                if (Mismatch(key, value, cilium) is { } words)
                    impossible.Add(words);
            }
            else if (!cilium.HasAgents && !embedded)
            {
                impossible.Add($"{key} must be '{value}', and the cluster has no Cilium");
            }
            else if (!Same(there, key, value))
            {
                change[key] = value;
            }
        }
        return new Difference(change.ToImmutable(), impossible.ToImmutable());
    }

    /// <summary>Changes cilium-config and restarts the agents, by deleting their Pods.</summary>
    /// <param name="settings">Values by key.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task ChangeAsync(IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        await cluster.CoreV1.PatchNamespacedConfigMapAsync(
            new V1Patch(JsonSerializer.Serialize(new { data = settings }), V1Patch.PatchType.MergePatch),
            CiliumNames.ConfigMap,
            await cluster.CiliumNamespaceAsync(cancellationToken),
            cancellationToken: cancellationToken
        );
        await RestartAgentsAsync(cancellationToken);
    }

    /// <summary>Restarts the agents, which read their settings when they start.</summary>
    public Task RestartAgentsAsync(CancellationToken cancellationToken) =>
        new PodRenewal(cluster, time).RunAsync(ClusterQueries.AgentLabel, s_restartLimit, cancellationToken);

    private static string? Mismatch(string key, string value, InstalledCilium cilium) =>
        key switch
        {
            VersionKey when CiliumVersion.TryParse(value, out var wanted) && wanted == cilium.Release => null,
            VersionKey =>
                $"it is about Cilium {value}, and the cluster has {cilium}{(cilium.HasAgents ? AdviceFor(value) : "")}",
            ServiceProxyKey when value != "cilium" && cilium.HasAgents =>
                $"it is about a cluster without Cilium ({value}), and this one has {cilium}: up --kind --no-cilium",
            _ => null,
        };

    private static string AdviceFor(string release) =>
        CiliumReleases.Parse(release).Problem is null ? $": up --kind --cilium-version {release}" : "";

    /// <summary>Later releases split the key <c>tunnel</c> in two.</summary>
    private static bool Same(ImmutableSortedDictionary<string, string> there, string key, string value)
    {
        if (there.TryGetValue(key, out var has))
            return has == value;
        var mode = value == "disabled" ? "native" : "tunnel";
        return key == "tunnel"
            && there.GetValueOrDefault("routing-mode") == mode
            && (mode == "native" || there.GetValueOrDefault("tunnel-protocol", value) == value);
    }

    /// <summary>Whether the nodes are those of an embedded cluster.</summary>
    internal static async Task<bool> IsEmbeddedAsync(Kubernetes cluster, CancellationToken cancellationToken)
    {
        var nodes = await cluster.CoreV1.ListNodeAsync(cancellationToken: cancellationToken);
        return ClusterIdentities.KindOf(nodes.Items) is ClusterKind.Emulated;
    }
}
