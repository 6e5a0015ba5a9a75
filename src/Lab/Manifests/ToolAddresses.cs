using CiliumDebugging.Lab.Page;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>How to reach the tools among the lab's objects: only by kubectl port-forward.</summary>
public static class ToolAddresses
{
    private const string Grafana = "Grafana, with the lab's dashboard",
        Page = "the live page of the scenario that runs",
        Aspire =
            "the Aspire dashboard; its token: "
            + $"kubectl -n {DashboardManifests.Namespace} logs deployment/{DashboardManifests.Name}";

    /// <summary>A command for each tool among the objects, with a comment.</summary>
    /// <param name="manifests">The lab's objects.</param>
    public static IEnumerable<string> Of(IReadOnlyCollection<Manifest> manifests)
    {
        ArgumentNullException.ThrowIfNull(manifests);
        (string Namespace, string Kind, string Name, int Port, string What)[] tools =
        [
            (GrafanaManifests.Namespace, "Service", GrafanaManifests.Name, GrafanaManifests.Port, Grafana),
            (
                PrometheusManifests.Namespace,
                "Service",
                PrometheusManifests.Name,
                PrometheusManifests.Port,
                "Prometheus"
            ),
            (DashboardManifests.Namespace, "Service", DashboardManifests.Name, DashboardManifests.PagePort, Aspire),
            (RunnerManifests.Namespace, "Job", RunnerManifests.Name, PageServer.PreferredPort, Page),
        ];
        return tools
            .Where(t => manifests.Any(m => m.Namespace == t.Namespace && m.Kind == t.Kind && m.Name == t.Name))
            .Select(t => (Object: $"{t.Kind.ToLowerInvariant()}/{t.Name}", t.Namespace, t.Port, t.What))
            .Select(t =>
                $"kubectl -n {t.Namespace} port-forward {t.Object} {t.Port}    # http://127.0.0.1:{t.Port} {t.What}"
            );
    }
}
