using System.Collections.Immutable;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Releases;
using k8s.Models;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>
/// The Cilium of a cluster. That its release cannot be determined is not that there is none.
/// </summary>
/// <param name="Release">
/// Release of all agents; null when it cannot be determined, while they differ, or without agents.
/// </param>
/// <param name="Images">Images of the agents, each once; empty without agents.</param>
public sealed record InstalledCilium(CiliumVersion? Release, ImmutableArray<string> Images)
{
    private const string AgentContainer = "cilium-agent",
        VersionKey = "app.kubernetes.io/version",
        MetricsPort = "prometheus",
        VersionMetric = "cilium_version";

    /// <summary>Whether there are agents.</summary>
    public bool HasAgents => !Images.IsEmpty;

    /// <summary>
    /// What the agents' Pods say: the tag of their image, as written or as the kubelet reports it, or the recommended
    /// label <c>app.kubernetes.io/version</c> (also as an annotation).
    /// </summary>
    public static InstalledCilium Of(IEnumerable<V1Pod> agents)
    {
        var pods = agents.ToList();
        var releases = pods.Select(ReleaseOf).Distinct().ToList();
        return new InstalledCilium(
            releases is [{ } only] ? only : null,
            [.. pods.Select(p => AgentOf(p)?.Image ?? "").Distinct(StringComparer.Ordinal)]
        );
    }

    /// <summary>
    /// As <see cref="Of"/>; where the Pods do not say it, an agent's own metric <c>cilium_version</c> does, if its
    /// metrics are enabled.
    /// </summary>
    public static async Task<InstalledCilium> ReadAsync(
        IReadOnlyList<V1Pod> agents,
        PodProxyClient proxy,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(proxy);
        var known = Of(agents);
        if (known.Release is not null || agents.Select(ReleaseOf).Any(r => r is not null))
            return known;
        foreach (var agent in agents)
        {
            if (PortOf(agent) is not { } port)
                continue;
            return known with { Release = await AskAsync(agent, port, proxy, cancellationToken) };
        }
        return known;
    }

    /// <summary>The release, or that it cannot be determined.</summary>
    public override string ToString() =>
        Release?.ToString()
        ?? (HasAgents ? $"a release that cannot be determined from {string.Join(", ", Images)}" : "none");

    private static async Task<CiliumVersion?> AskAsync(
        V1Pod agent,
        int port,
        PodProxyClient proxy,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var text = await proxy.GetAsync(agent.Namespace(), agent.Name(), port, "/metrics", cancellationToken);
            var sample = PrometheusSamples.Parse(text).FirstOrDefault(s => s.Name == VersionMetric);
            return Read(sample?["version"]);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or FormatException)
        {
            return null;
        }
    }

    private static CiliumVersion? ReleaseOf(V1Pod agent)
    {
        string?[] candidates =
        [
            ContainerImage.Parse(AgentOf(agent)?.Image).Tag,
            ContainerImage
                .Parse(agent.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == AgentContainer)?.Image)
                .Tag,
            agent.GetLabel(VersionKey),
            agent.GetAnnotation(VersionKey),
        ];
        return candidates.Select(Read).FirstOrDefault(r => r is not null);
    }

    private static V1Container? AgentOf(V1Pod agent) =>
        agent.Spec.Containers.FirstOrDefault(c => c.Name == AgentContainer) ?? agent.Spec.Containers.FirstOrDefault();

    private static int? PortOf(V1Pod agent) =>
        (AgentOf(agent)?.Ports ?? []).FirstOrDefault(p => p.Name == MetricsPort)?.ContainerPort;

    private static CiliumVersion? Read(string? text) => CiliumVersion.TryParse(text, out var version) ? version : null;
}
