using System.Collections.Immutable;
using CiliumDebugging.ClusterSetup.Scenarios;

namespace CiliumDebugging.ClusterSetup.Manifests;

/// <summary>The lab's objects on a real cluster. What <c>aspire publish</c> puts into its chart, rendered without Aspire.</summary>
internal static class LabManifests
{
    /// <summary>All objects, in the order they are applied in.</summary>
    public static ImmutableArray<Manifest> Render(ManifestValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return
        [
            .. WorkloadManifests.Render(values),
            .. values.Dashboard ? DashboardManifests.Render() : [],
            .. values.Prometheus ? PrometheusManifests.Render() : [],
            .. Policies(values),
            .. values.Runner ? RunnerManifests.Render(values) : [],
        ];
    }

    /// <summary>The seed's policies, from the files that the default scenario applies.</summary>
    private static IEnumerable<Manifest> Policies(ManifestValues values)
    {
        foreach (var (enabled, file) in new[] { (values.BackendCnp, "backend-policy.yaml"), (values.LoadTestCnp, "load-test-policy.yaml") })
        {
            if (!enabled) continue;
            var (policies, problems) = PolicyManifest.ReadFile(Path.Combine(ScenarioCatalog.BuiltIn, "two-sided-l7", file));
            if (problems.Length > 0) throw new ScenarioException(string.Join(Environment.NewLine, problems));
            foreach (var policy in policies) yield return Manifest.Of(policy.Manifest);
        }
    }
}
