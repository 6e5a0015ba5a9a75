using Aspire.Hosting.Kubernetes;
using Aspire.Hosting.Kubernetes.Resources;
using CiliumDebugging.ClusterSetup.Topology;
using CiliumDebugging.ServiceDefaults.Pods;

namespace CiliumDebugging.AppHost;

/// <summary>What <c>aspire publish</c> makes of the lab: a Helm chart with the workloads and Services of the topology.</summary>
internal static class KubernetesChart
{
    private const int HealthPeriodSeconds = 2;

    /// <summary>Adds the target of publishing; nothing while the lab runs.</summary>
    public static IResourceBuilder<KubernetesEnvironmentResource> AddKubernetesChart(this IDistributedApplicationBuilder builder) =>
        builder.AddKubernetesEnvironment("kubernetes").WithProperties(environment =>
        {
            environment.HelmChartName = "cilium-debugging";
            environment.HelmChartDescription = "Laboratory for Kubernetes load-balancing skew";
        });

    /// <summary>Adds a workload as a Deployment, with its Service and namespace.</summary>
    public static IResourceBuilder<ProjectResource> AddDeployment<TProject>(this IDistributedApplicationBuilder builder, WorkloadSpec workload, ServiceSpec? service)
        where TProject : IProjectMetadata, new()
    {
        var project = builder.AddProject<TProject>(workload.Name, launchProfileName: null).WithReplicas(workload.Nodes.Length);
        if (workload.Port is { } port) project.WithHttpEndpoint(port: service?.Port ?? port, targetPort: port, name: "http");
        return project.PublishAsKubernetesService(resource => Shape(resource, workload, service));
    }

    private static void Shape(KubernetesResource resource, WorkloadSpec workload, ServiceSpec? service)
    {
        resource.AdditionalResources.Add(new Namespace { Metadata = { Name = workload.Namespace } });
        foreach (var item in new BaseKubernetesResource?[] { resource.Workload, resource.ConfigMap, resource.Secret, resource.Service }.OfType<BaseKubernetesResource>())
            item.Metadata.Namespace = workload.Namespace;

        if (resource.Workload is { } deployment)
        {
            // It keeps the name Aspire gives it (backend-1-deployment): the chart's files are named after the objects, and the Service needs the bare name.
            foreach (var (key, value) in workload.Labels)
                deployment.PodTemplate.Metadata.Labels[key] = value;
            SpreadOverNodes(deployment.PodTemplate.Spec, workload);
            foreach (var container in deployment.PodTemplate.Spec.Containers)
                ShapeContainer(container, workload);
        }
        if (resource.Service is { } exposed && service is not null)
        {
            exposed.Metadata.Name = service.Name;
            exposed.Spec.Selector = new Dictionary<string, string>(service.Selector);
        }
    }

    private static void ShapeContainer(ContainerV1 container, WorkloadSpec workload)
    {
        foreach (var (name, field) in new[]
        {
            (PodEnvironment.PodName, "metadata.name"), (PodEnvironment.PodNamespace, "metadata.namespace"),
            (PodEnvironment.NodeName, "spec.nodeName"), (PodEnvironment.PodIp, "status.podIP"),
        })
            container.Env.Add(new EnvVarV1 { Name = name, ValueFrom = new EnvVarSourceV1 { FieldRef = new ObjectFieldSelectorV1 { FieldPath = field } } });

        if (workload.Port is { } port)
            container.ReadinessProbe = new ProbeV1 { PeriodSeconds = HealthPeriodSeconds, HttpGet = new HttpGetActionV1 { Path = "/health", Port = port, Scheme = "HTTP" } };
    }

    /// <summary>One Pod on each node, as in the topology; an uneven placement would be a skew of its own.</summary>
    private static void SpreadOverNodes(PodSpecV1 pod, WorkloadSpec workload)
    {
        if (workload.Nodes.Length < 2) return;
        pod.TopologySpreadConstraints.Add(new TopologySpreadConstraintV1
        {
            MaxSkew = 1,
            TopologyKey = "kubernetes.io/hostname",
            WhenUnsatisfiable = "DoNotSchedule",
            LabelSelector = new LabelSelectorV1(new Dictionary<string, string>(workload.Labels)),
        });
    }
}
