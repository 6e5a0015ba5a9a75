using CiliumDebugging.ClusterModel;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>Options of the lab's objects; the names are those of the Helm chart's values.</summary>
public sealed record ManifestValues
{
    /// <summary>Nodes, workloads and Services. Default: those of the original report.</summary>
    public ClusterTopology Topology { get; init; } = ClusterTopology.Default;

    public string BackendImage { get; init; } = "cilium-debugging/backend:latest";

    public string LoadTestImage { get; init; } = "cilium-debugging/loadtest:latest";

    public string RunnerImage { get; init; } = "cilium-debugging/clustersetup:latest";

    /// <summary>
    /// <c>backendCnp.enabled</c>: the backends' policy. Default false: scenarios apply it themselves.
    /// </summary>
    public bool BackendCnp { get; init; }

    /// <summary><c>loadTestCnp.enabled</c>: the load test's policy. Default false.</summary>
    public bool LoadTestCnp { get; init; }

    /// <summary><c>dashboard.enabled</c>: the Aspire dashboard, with the backends' telemetry. Default true.</summary>
    public bool Dashboard { get; init; } = true;

    /// <summary>
    /// <c>prometheus.enabled</c>: a Prometheus, in the namespace that the backends' policy allows. Default true.
    /// </summary>
    public bool Prometheus { get; init; } = true;

    /// <summary>
    /// <c>grafana.enabled</c>: a Grafana that shows the lab's dashboard from that Prometheus. Default true.
    /// </summary>
    public bool Grafana { get; init; } = true;

    /// <summary><c>runner.enabled</c>: a Job that runs a scenario from inside the cluster. Default false.</summary>
    public bool Runner { get; init; }

    /// <summary><c>runner.scenario</c>: the scenario it runs. Default two-sided-l7.</summary>
    public string RunnerScenario { get; init; } = "two-sided-l7";

    public string ImageOf(WorkloadSpec workload) => workload.Image is PodImage.Backend ? BackendImage : LoadTestImage;
}
