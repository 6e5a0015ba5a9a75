using Aspire.Hosting.Kubernetes;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Manifests;

namespace CiliumDebugging.AppHost.Kubernetes;

/// <remarks>What <c>aspire publish</c> makes of the lab is a Helm chart with the objects that <c>ClusterSetup --
/// manifests</c> prints (<see cref="HelmChart"/>). Aspire knows the programs, builds their images and names them in the
/// chart's values; what the objects look like is said once, in ClusterSetup.
///</remarks>
internal static partial class KubernetesPublishing
{
    private const string Environment = "kubernetes";

    static partial void SetIfCompiled(ref bool isCompiled) => isCompiled = true;

    // The target of publishing, and what a lab has on a cluster but not on the embedded one.
    static partial void AddChart(IDistributedApplicationBuilder builder, ClusterTopology topology)
    {
        builder
            .AddKubernetesEnvironment(Environment)
            .WithDashboard(false) // the lab's own is among the manifests
            .WithHelm(chart =>
                chart
                    .WithChartName("cilium-debugging")
                    .WithChartDescription("Laboratory for Kubernetes load-balancing skew")
            );
        if (!builder.ExecutionContext.IsPublishMode)
            return;
        var values = new ManifestValues { Topology = topology };
        builder.AddImage(DashboardManifests.Component, DashboardManifests.Image).PublishObjects(_ => values);
        builder.AddImage(PrometheusManifests.Name, PrometheusManifests.Image).PublishObjects(_ => values);
        builder.AddImage(GrafanaManifests.Name, GrafanaManifests.Image).PublishObjects(_ => values);
        builder
            .AddProject<Projects.ClusterSetup>(RunnerManifests.Name, launchProfileName: null)
            .PublishObjects(image => values with { RunnerImage = image });
        builder.AddChartValues();
    }

    static partial void AddDeployment(
        IResourceBuilder<ProjectResource> project,
        WorkloadSpec workload,
        ServiceSpec? service
    )
    {
        var values = new ManifestValues
        {
            Topology = new ClusterTopology("", [], [workload], service is null ? [] : [service]),
        };
        project.PublishObjects(image =>
            workload.Image is PodImage.Backend
                ? values with
                {
                    BackendImage = image,
                }
                : values with
                {
                    LoadTestImage = image,
                }
        );
    }

    private static IResourceBuilder<ContainerResource> AddImage(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        string reference
    )
    {
        var image = ContainerImage.Parse(reference);
        var container = image.Tag is { } tag
            ? builder.AddContainer(name, image.Repository, tag)
            : builder.AddContainer(name, image.Repository);
        return image.Digest?.Split(':') is [_, var sum] ? container.WithImageSHA256(sum) : container;
    }

    /// <summary>Puts the lab's objects in the place of those that Aspire derives from the resource.</summary>
    /// <param name="resource">A component of the chart.</param>
    /// <param name="values">What is rendered, from the expression that Aspire has for the resource's image.</param>
    private static IResourceBuilder<T> PublishObjects<T>(
        this IResourceBuilder<T> resource,
        Func<string, ManifestValues> values
    )
        where T : IComputeResource
    {
        // What Aspire tells a program through a ConfigMap is for its own development-time wiring; the manifests have
        // all the variables there are.
        foreach (var variables in resource.Resource.Annotations.OfType<EnvironmentCallbackAnnotation>().ToList())
            resource.Resource.Annotations.Remove(variables);
        return resource.PublishAsKubernetesService(target =>
        {
            var image = target.Workload?.PodTemplate.Spec.Containers.FirstOrDefault()?.Image
                ?? throw new InvalidOperationException($"Aspire gives {resource.Resource.Name} no image");
            (target.Workload, target.Service, target.ConfigMap, target.Secret) = (null, null, null, null);
            target.AdditionalResources.AddRange(
                HelmChart
                    .Templates(values(image))
                    .Where(t => t.Component == resource.Resource.Name)
                    .Select(t => new ChartObject(t))
            );
        });
    }
}
