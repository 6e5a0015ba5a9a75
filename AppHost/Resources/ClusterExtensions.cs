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
    /// first export is expensive, so that it must not come while the Pods start.
    ///</summary>
    private const string ExportInterval = "3000";

    /// <summary>
    /// Adds the cluster: the embedded one as a process, which starts its Pods itself, or with <c>--context</c> an
    /// existing one. A published lab has none: it is deployed to one.
    ///</summary>
    /// <typeparam name="TProject">The project of the embedded cluster's program.</typeparam>
    public static IResourceBuilder<IClusterResource> AddCluster<TProject>(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        AppHostOptions options
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
        // Not as a project: its "dotnet run" takes longer than the start of the cluster.
        // The application disposes what a factory made: the kubeconfig is deleted.
        builder.Services.AddSingleton(_ => cluster);
        return builder
            .AddResource(cluster)
            .WithArgs("exec", program, "cluster", "--own-folder", "--exit-with", $"{Environment.ProcessId}")
            // The kubeconfig's folder is created when this is called, as the cluster starts.
            .WithArgs(start =>
            {
                start.Args.Add("--kubeconfig");
                start.Args.Add(cluster.Kubeconfig);
            })
            .WithIconName("Server")
            .WithEnvironment(ClusterTopology.EnvironmentVariable, options.Topology.ToJson())
            .WithEnvironment(
                ClusterEnvironment.PortOffset,
                options.PortOffset?.ToString(CultureInfo.InvariantCulture) ?? ""
            )
            .WithEnvironment(
                ClusterEnvironment.CiliumConfig,
                ClusterEnvironment.FormatSettings(options.ClusterSettings)
            )
            // A process that is killed would leave its diagnostic sockets behind.
            .WithEnvironment("DOTNET_EnableDiagnostics", "0")
            .WithEnvironment("OTEL_METRIC_EXPORT_INTERVAL", ExportInterval)
            .WithEnvironment("OTEL_BSP_SCHEDULE_DELAY", ExportInterval)
            .WithEnvironment("OTEL_BLRP_SCHEDULE_DELAY", ExportInterval)
            .WithOtlpExporter()
            .ExcludeFromManifest();
    }
}
