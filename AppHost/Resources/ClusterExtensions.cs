using System.Globalization;
using CiliumDebugging.AppHost.CommandLine;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.ServiceDefaults.Processes;
using Microsoft.Extensions.DependencyInjection;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>Adds the cluster whose Pods are shown.</summary>
internal static class ClusterExtensions
{
    /// <summary>
    /// Milliseconds between two exports of metrics, spans and logs; by default metrics are sent once a minute. The
    /// first
    /// export comes after it, and prepares what it needs: not while the Pods start.
    /// </summary>
    private const string ExportInterval = "3000";

    /// <summary>
    /// Adds the cluster: the embedded one as a process, which makes its Pods itself, or with <c>--context</c> one that
    /// is
    /// there. A published lab has none: the cluster it is deployed to takes its place.
    /// </summary>
    /// <typeparam name="TProject">The project of the embedded cluster's program.</typeparam>
    public static IResourceBuilder<IClusterResource> AddCluster<TProject>(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        LabOptions options
    )
        where TProject : IProjectMetadata, new()
    {
        if (options.Existing is { } existing)
        {
            return builder
                .AddResource(new ExistingClusterResource(name, existing))
                .WithIconName("Server")
                .WithInitialState(
                    new CustomResourceSnapshot
                    {
                        ResourceType = "Cluster",
                        State = KnownResourceStates.Starting,
                        Properties = [new(CustomResourceKnownProperties.Source, existing.Describe())],
                    }
                )
                .ExcludeFromManifest();
        }
        var program = Path.Combine(
            AppContext.BaseDirectory,
            $"{Path.GetFileNameWithoutExtension(new TProject().ProjectPath)}.dll"
        );
        var cluster = new EmbeddedClusterResource(name, DotnetProcess.DotnetHost(), AppContext.BaseDirectory);
        if (builder.ExecutionContext.IsPublishMode)
            return builder.CreateResourceBuilder(cluster);
        // Not as a project: "dotnet run" for it takes longer than the cluster itself.
        // A factory's object is disposed with the application: the kubeconfig goes.
        builder.Services.AddSingleton(_ => cluster);
        return builder
            .AddResource(cluster)
            .WithArgs(start =>
            {
                // The kubeconfig's folder is made here, when the cluster starts.
                foreach (
                    var argument in (string[])
                        [
                            "exec",
                            program,
                            "cluster",
                            "--kubeconfig",
                            cluster.Kubeconfig,
                            "--exit-with",
                            $"{Environment.ProcessId}",
                        ]
                )
                    start.Args.Add(argument);
            })
            .WithIconName("Server")
            .WithEnvironment(ClusterTopology.EnvironmentVariable, options.Topology.ToJson())
            .WithEnvironment(
                ClusterEnvironment.PortOffset,
                options.PortOffset?.ToString(CultureInfo.InvariantCulture) ?? ""
            )
            .WithEnvironment(ClusterEnvironment.CiliumConfig, options.CiliumConfig)
            .WithEnvironment("OTEL_METRIC_EXPORT_INTERVAL", ExportInterval)
            .WithEnvironment("OTEL_BSP_SCHEDULE_DELAY", ExportInterval)
            .WithEnvironment("OTEL_BLRP_SCHEDULE_DELAY", ExportInterval)
            .WithOtlpExporter()
            .ExcludeFromManifest();
    }
}
