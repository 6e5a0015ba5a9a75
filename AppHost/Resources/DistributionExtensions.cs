using CiliumDebugging.AppHost.CommandLine;
using CiliumDebugging.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>Adds the run of the scenario.</summary>
internal static class DistributionExtensions
{
    /// <summary>Name that Aspire gives its dashboard's resource.</summary>
    private const string Dashboard = "aspire-dashboard";

    /// <summary>
    /// Adds the resource for how requests are distributed: it runs the scenario in this process once the cluster is
    /// ready, and shows the verdict. With it come the live page, the commands, the rows of Pods and the terminal. The
    /// application ends after the verdict, with <see cref="ExitCode"/> as its exit code, unless
    /// <see cref="AppHostOptions.StaysUp"/>.
    ///</summary>
    public static void AddDistribution(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        AppHostOptions options,
        IResourceBuilder<IClusterResource> cluster,
        params IEnumerable<IResourceBuilder<IResource>> workloads
    )
    {
        if (builder.ExecutionContext.IsPublishMode)
            return;

        var resource = new DistributionResource(name);
        var parts = new DistributionParts(
            cluster.Resource,
            [.. workloads.Select(w => w.Resource).OfType<WorkloadResource>().Where(builder.Resources.Contains)]
        );
        var distribution = builder
            .AddResource(resource)
            .WithInitialState(
                new CustomResourceSnapshot
                {
                    ResourceType = "Distribution",
                    State = new ResourceStateSnapshot("Waiting for the cluster", KnownResourceStateStyles.Info),
                    Properties =
                    [
                        new(
                            CustomResourceKnownProperties.Source,
                            options.Existing?.Describe() ?? options.ScenarioReference
                        ),
                    ],
                }
            )
            .WithIconName("DataPie")
            .ExcludeFromManifest()
            .WithReferenceRelationship(cluster.Resource)
            .WithLabCommands(options)
            .OnInitializeResource(
                (_, init, cancellation) =>
                    resource.Run = new DistributionRun(resource, init, options, parts).RunAsync(cancellation)
            );
        foreach (var workload in parts.Workloads)
            distribution.WithRelationship(workload, "Watches");

        // The dashboard's start takes the processors of a small machine for seconds, and there is nothing to see
        // before.
        builder.Eventing.Subscribe<BeforeResourceStartedEvent>(
            async (start, cancellation) =>
            {
                if (start.Resource.Name == Dashboard)
                    await resource
                        .Settled.Task.WaitAsync(cancellation)
                        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        );
        // If the application ends before that, Aspire would log the stack trace of a start that was cancelled.
        var stopping = CancellationToken.None;
        builder.Services.AddLogging(logging =>
            logging.AddFilter("Aspire.Hosting.Dashboard", level =>
                level >= LogLevel.Warning && !stopping.IsCancellationRequested
            )
        );
        builder.Eventing.Subscribe<BeforeStartEvent>(
            (start, _) =>
            {
                stopping = start.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
                return Task.CompletedTask;
            }
        );

        // Pods become resources while the application runs; other threads than those that add them read them.
        builder.Services.AddSingleton(_ => new DistributedApplicationModel(new LiveResources(builder.Resources)));
        builder.Services.AddHealthChecks();
    }
}

/// <summary>What a lab consists of.</summary>
/// <param name="Cluster">The cluster.</param>
/// <param name="Workloads">Workloads whose rows are there from the beginning.</param>
internal sealed record DistributionParts(IClusterResource Cluster, IReadOnlyList<WorkloadResource> Workloads);
