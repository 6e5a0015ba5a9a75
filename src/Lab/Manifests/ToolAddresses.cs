using CiliumDebugging.Lab.Page;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>How one reaches the tools that are among the lab's objects: by kubectl port-forward alone.</summary>
public static class ToolAddresses
{
    /// <summary>A line to paste for each tool that is there, with what it is.</summary>
    /// <param name="manifests">The lab's objects.</param>
    public static IEnumerable<string> Of(IReadOnlyCollection<Manifest> manifests)
    {
        ArgumentNullException.ThrowIfNull(manifests);
        (string Namespace, string Kind, string Name, int Port, string What)[] tools =
        [
            (
                GrafanaManifests.Namespace,
                "Service",
                GrafanaManifests.Name,
                GrafanaManifests.Port,
                "Grafana, with the lab's dashboard"
            ),
            (
                PrometheusManifests.Namespace,
                "Service",
                PrometheusManifests.Name,
                PrometheusManifests.Port,
                "Prometheus"
            ),
            (
                DashboardManifests.Namespace,
                "Service",
                DashboardManifests.Name,
                DashboardManifests.PagePort,
                $"the Aspire dashboard; its token: kubectl -n {DashboardManifests.Namespace} logs deployment/{DashboardManifests.Name}"
            ),
            (
                RunnerManifests.Namespace,
                "Job",
                RunnerManifests.Name,
                PageServer.PreferredPort,
                "the live page of the scenario that runs"
            ),
        ];
        return tools
            .Where(t => manifests.Any(m => m.Namespace == t.Namespace && m.Kind == t.Kind && m.Name == t.Name))
            .Select(t =>
                $"kubectl -n {t.Namespace} port-forward {t.Kind.ToLowerInvariant()}/{t.Name} {t.Port}    # http://127.0.0.1:{t.Port} {t.What}"
            );
    }
}
