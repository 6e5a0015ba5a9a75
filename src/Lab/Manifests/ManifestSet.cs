using System.Collections.Immutable;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Scenarios;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>
/// The lab's objects on a real cluster: <c>ClusterSetup -- manifests</c> prints them, <c>up --kind</c> applies them and
/// <c>aspire publish</c> writes them into a chart (<see cref="HelmChart"/>).
/// </summary>
public static class ManifestSet
{
    /// <summary>All objects, in the order in which they are applied.</summary>
    public static ImmutableArray<Manifest> Render(ManifestValues values) =>
        [.. Components(values).Select(c => c.Object).DistinctBy(m => m.Path)];

    /// <summary>
    /// The objects with their components. Each component has its namespace, so a namespace may occur repeatedly.
    /// </summary>
    public static IEnumerable<(string Component, Manifest Object)> Components(ManifestValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        foreach (var workload in values.Topology.Workloads)
        {
            foreach (var manifest in WorkloadManifests.Render(workload, values))
                yield return (workload.Name, manifest);
            foreach (var policy in Policies(workload, values))
                yield return (workload.Name, policy);
        }
        if (values.Dashboard)
            foreach (var manifest in DashboardManifests.Render())
                yield return (DashboardManifests.Component, manifest);
        if (values.Prometheus)
            foreach (var manifest in PrometheusManifests.Render())
                yield return (PrometheusManifests.Name, manifest);
        if (values.Grafana)
            foreach (var manifest in GrafanaManifests.Render())
                yield return (GrafanaManifests.Name, manifest);
        if (values.Runner)
            foreach (var manifest in RunnerManifests.Render(values))
                yield return (RunnerManifests.Name, manifest);
    }

    /// <summary>The policies of the original report, from the files of the default scenario.</summary>
    private static IEnumerable<Manifest> Policies(WorkloadSpec workload, ManifestValues values)
    {
        var (enabled, file) =
            workload.Image is PodImage.Backend
                ? (values.BackendCnp, "backend-policy.yaml")
                : (values.LoadTestCnp, "load-test-policy.yaml");
        if (!enabled)
            return [];
        var (policies, problems) = PolicyManifest.ReadFile(Path.Combine(ScenarioCatalog.BuiltIn, "two-sided-l7", file));
        return problems.Length == 0
            ? policies.Select(p => Manifest.Of(p.Manifest))
            : throw new ScenarioException(string.Join(Environment.NewLine, problems));
    }
}
