using System.Collections.Immutable;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Scenarios;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>The lab's objects on a real cluster: what <c>ClusterSetup -- manifests</c> prints, <c>up --kind</c> applies and <c>aspire publish</c> puts into a chart (<see cref="HelmChart"/>).</summary>
public static class ManifestSet
{
    /// <summary>All objects, in the order they are applied in.</summary>
    public static ImmutableArray<Manifest> Render(ManifestValues values) =>
        [.. Components(values).Select(c => c.Object).DistinctBy(m => m.Path)];

    /// <summary>The objects with the component each belongs to. Components in the same namespace all bring it.</summary>
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

    /// <summary>The seed's policies, from the files that the default scenario applies.</summary>
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
