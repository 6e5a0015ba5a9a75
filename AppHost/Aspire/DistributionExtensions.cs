using CiliumDebugging.ClusterSetup.Scenarios;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.AppHost;

/// <summary>The run of a scenario as a resource: its state is what is known about the distribution of the requests, in the end the verdict.</summary>
internal sealed class DistributionResource(string name) : Resource(name);

/// <summary>Adds the run of the scenario.</summary>
internal static partial class DistributionExtensions
{
    /// <summary>
    /// Adds the resource that runs the scenario in this process once the cluster is healthy and every Pod's process runs. With <c>--once</c> the application ends
    /// after the verdict, with <see cref="RunOutcome"/> as its exit code; bad usage ends it in any case.
    /// </summary>
    public static void AddDistribution(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, LabOptions options, LabCluster cluster, IReadOnlyList<IResourceBuilder<ProjectResource>> watches)
    {
        if (builder.ExecutionContext.IsPublishMode) return;

        builder.AddResource(new DistributionResource(name))
            .WithInitialState(new CustomResourceSnapshot
            {
                ResourceType = "Distribution",
                State = KnownResourceStates.NotStarted,
                Properties = [new("scenario", options.Scenario), new("rate", options.RatePerSecond)],
            })
            .ExcludeFromManifest()
            .OnInitializeResource((resource, init, cancellation) => RunAsync(resource, init, options, cluster, watches, cancellation));
    }

    private static async Task RunAsync(
        DistributionResource resource, InitializeResourceEvent init, LabOptions options, LabCluster cluster, IReadOnlyList<IResourceBuilder<ProjectResource>> watches, CancellationToken cancellation)
    {
        var lifetime = init.Services.GetRequiredService<IHostApplicationLifetime>();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        try
        {
            await ShowAsync(init, resource, "Waiting for the Pods", KnownResourceStateStyles.Info);
            await init.Notifications.WaitForResourceHealthyAsync(cluster.Resource!.Resource.Name, ended.Token);
            foreach (var pod in watches)
                await init.Notifications.WaitForResourceAsync(pod.Resource.Name, KnownResourceStates.Running, ended.Token);

            var state = "";
            var outcome = await LabRun.RunAsync(options, new Uri(cluster.Api.Url), cluster.ApiToken, Publish, ended.Token);
            await ShowAsync(init, resource, state.Length > 0 ? state : $"{outcome}", StyleOf(outcome));
            LogEnded(init.Logger, options.Scenario, outcome);
            End(lifetime, options, outcome);

            void Publish(string text) => _ = ShowAsync(init, resource, state = text, KnownResourceStateStyles.Info);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogFailed(init.Logger, e, options.Scenario);
            await ShowAsync(init, resource, $"Failed: {e.Message}", KnownResourceStateStyles.Error);
            End(lifetime, options, RunOutcome.LabFailed);
        }
    }

    private static void End(IHostApplicationLifetime lifetime, LabOptions options, RunOutcome outcome)
    {
        if (!options.Once && outcome != RunOutcome.BadUsage) return;
        Environment.ExitCode = (int)outcome;
        lifetime.StopApplication();
    }

    private static Task ShowAsync(InitializeResourceEvent init, DistributionResource resource, string state, string style) =>
        init.Notifications.PublishUpdateAsync(resource, s => s with { State = new ResourceStateSnapshot(state, style) });

    private static string StyleOf(RunOutcome outcome) => outcome switch
    {
        RunOutcome.ExpectationHolds => KnownResourceStateStyles.Success,
        RunOutcome.ExpectationFails => KnownResourceStateStyles.Warn,
        _ => KnownResourceStateStyles.Error,
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "Scenario {Scenario} ended: {Outcome}")]
    private static partial void LogEnded(ILogger logger, string scenario, RunOutcome outcome);

    [LoggerMessage(Level = LogLevel.Error, Message = "Scenario {Scenario} could not be run")]
    private static partial void LogFailed(ILogger logger, Exception exception, string scenario);
}
