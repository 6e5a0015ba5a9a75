using System.Globalization;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.ServiceDefaults.Pods;
using k8s.Models;

namespace CiliumDebugging.Lab.Manifests;

/// <summary>Namespaces, Deployments and Services of the topology.</summary>
internal static class WorkloadManifests
{
    /// <summary>The variables that tell a process which Pod it is, with their fields of the Downward API.</summary>
    public static IReadOnlyList<(string Variable, string Field)> Identity { get; } =
    [
        (PodEnvironment.PodName, "metadata.name"),
        (PodEnvironment.PodNamespace, "metadata.namespace"),
        (PodEnvironment.NodeName, "spec.nodeName"),
        (PodEnvironment.PodIp, "status.podIP"),
    ];

    /// <summary>The objects of one workload: its namespace, the Services in front of it, its Deployment.</summary>
    public static IEnumerable<Manifest> Render(WorkloadSpec workload, ManifestValues values)
    {
        yield return Manifest.Of(PodParts.Namespace(workload.Namespace));
        var services = values.Topology.Services.Where(s =>
            s.Namespace == workload.Namespace
            && s.Selector.All(l => workload.Labels.GetValueOrDefault(l.Key) == l.Value)
        );
        foreach (var s in services)
            yield return Manifest.Of(
                PodParts.Service(s.Namespace, s.Name, s.Selector.ToDictionary(), ("http", s.Port))
            );
        yield return Manifest.Of(Deployment(workload, values));
    }

    private static V1Deployment Deployment(WorkloadSpec workload, ManifestValues values)
    {
        var pod = PodParts.Spec(Container(workload, values));
        if (workload.Nodes.Length > 1)
            pod.TopologySpreadConstraints = [OnePodPerNode(workload)];
        return PodParts.Deployment(
            workload.Namespace,
            workload.Name,
            workload.Nodes.Length,
            workload.Labels.ToDictionary(),
            pod
        );
    }

    private static V1Container Container(WorkloadSpec workload, ManifestValues values)
    {
        // The load test serves only its control interface, which is reached through the API server's pod proxy.
        var served = workload.Port ?? LoadTestPorts.Control;
        var variables = Identity
            .Select(i => PodParts.Field(i.Variable, i.Field))
            .Append(PodParts.Variable("ASPNETCORE_HTTP_PORTS", served.ToString(CultureInfo.InvariantCulture)))
            .ToList();
        // Only backends send telemetry: the load test's policy allows only the backends, and refused exports would
        // look like drops.
        if (values.Dashboard && workload.Image is PodImage.Backend)
            variables.AddRange(DashboardManifests.Telemetry(workload.Name));
        return new V1Container
        {
            Name = workload.Name,
            Image = values.ImageOf(workload),
            Env = variables,
            Ports = workload.Port is { } port ? [PodParts.Port("http", port)] : null,
            ReadinessProbe = PodParts.Ready("/health", served),
            Resources =
                workload.Image is PodImage.Backend
                    ? PodParts.Resources("50m", "96Mi", "1", "256Mi")
                    : PodParts.Resources("100m", "128Mi", "2", "512Mi"),
        };
    }

    /// <summary>One Pod on each node, as in the topology: an uneven placement would cause skew.</summary>
    private static V1TopologySpreadConstraint OnePodPerNode(WorkloadSpec workload) =>
        new()
        {
            MaxSkew = 1,
            TopologyKey = "kubernetes.io/hostname",
            WhenUnsatisfiable = "DoNotSchedule",
            LabelSelector = new V1LabelSelector { MatchLabels = workload.Labels.ToDictionary() },
        };
}
