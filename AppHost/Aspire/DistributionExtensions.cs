using CiliumDebugging.ClusterSetup.Embedded.Api;
using CiliumDebugging.ClusterSetup.Embedded.Api.Access;
using CiliumDebugging.ClusterSetup.Scenarios;
using CiliumDebugging.ClusterSetup.Steering;
using CiliumDebugging.ClusterSetup.Terminal;
using CiliumDebugging.LoadTest.Page;
using CiliumDebugging.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace CiliumDebugging.AppHost;

/// <summary>The resources whose traffic a distribution is about.</summary>
/// <param name="Cluster">The cluster.</param>
/// <param name="Backends">The Pods that answer.</param>
/// <param name="LoadTest">The Pod that asks; its health is the verdict.</param>
internal sealed record Watched(LabCluster Cluster, IReadOnlyList<IResourceBuilder<ProjectResource>> Backends, IReadOnlyList<IResourceBuilder<ProjectResource>> LoadTest);

/// <summary>Adds the run of the scenario.</summary>
internal static partial class DistributionExtensions
{
    /// <summary>
    /// Adds the resource that runs scenarios in this process once the cluster is healthy and every Pod's process runs, with the live page, the commands and what the other resources show of the
    /// run. With <c>--once</c> the application ends after the verdict, with <see cref="RunOutcome"/> as its exit code; bad usage ends it in any case.
    /// </summary>
    public static void AddDistribution(this IDistributedApplicationBuilder builder, [ResourceName] string name, LabOptions options, Watched watched)
    {
        if (builder.ExecutionContext.IsPublishMode) return;

        var resource = new DistributionResource(name);
        var distribution = builder.AddResource(resource)
            .WithInitialState(new CustomResourceSnapshot
            {
                ResourceType = "Distribution",
                State = KnownResourceStates.NotStarted,
                Properties = [new("scenario", options.Scenario), new("requests/s", options.LoadScenario().Load.RatePerSecond)],
            })
            .WithIconName("DataPie")
            .ExcludeFromManifest()
            .WithReferenceRelationship(watched.Cluster.Resource!)
            .WithLabCommands(options)
            .OnInitializeResource((_, init, cancellation) => RunAsync(resource, init, options, watched, cancellation));

        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(name, _ => new DistributionHealth(resource), HealthStatus.Unhealthy, tags: null));
        foreach (var backend in watched.Backends)
        {
            distribution.WithRelationship(backend.Resource, "Watches");
            backend.WithReplaceCommand(resource);
        }
        foreach (var loadTest in watched.LoadTest)
        {
            distribution.WithRelationship(loadTest.Resource, "Watches");
            loadTest.WithHealthCheck(name);
        }
    }

    private static async Task RunAsync(DistributionResource resource, InitializeResourceEvent init, LabOptions options, Watched watched, CancellationToken cancellation)
    {
        var lifetime = init.Services.GetRequiredService<IHostApplicationLifetime>();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        try
        {
            await ShowAsync(init, resource, "Waiting for the Pods", KnownResourceStateStyles.Info);
            var ready = new ResourceReadiness(init.Notifications, init.Services.GetRequiredService<ResourceLoggerService>());
            await ready.HealthyAsync(watched.Cluster.Resource!.Resource, ended.Token);
            foreach (var pod in watched.Backends.Concat(watched.LoadTest)) await ready.RunningAsync(pod.Resource, ended.Token);
            var outcome = await RunLabAsync(resource, init, options, watched, ended.Token);
            LogEnded(init.Logger, options.Scenario, outcome);
            End(lifetime, outcome);
        }
        catch (Exception e) when (ended.IsCancellationRequested && e is not OutOfMemoryException)
        {
            // Whatever breaks while everything is being stopped is not worth a word.
        }
        catch (ResourceEndedException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            await ShowAsync(init, resource, $"Failed: {e.Message}", KnownResourceStateStyles.Error);
            var refused = e.ExitCode == (int)RunOutcome.BadUsage;
            if (refused || options.Once) End(lifetime, refused ? RunOutcome.BadUsage : RunOutcome.LabFailed);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogFailed(init.Logger, e, options.Scenario);
            await ShowAsync(init, resource, $"Failed: {e.Message}", KnownResourceStateStyles.Error);
            if (options.Once) End(lifetime, RunOutcome.LabFailed);
        }
    }

    private static async Task<RunOutcome> RunLabAsync(DistributionResource resource, InitializeResourceEvent init, LabOptions options, Watched watched, CancellationToken cancellationToken)
    {
        var (scenario, console) = (options.LoadScenario(), RunTerminal.Open());
        using var api = ApiClient.Create(new Uri(watched.Cluster.Api.Url), watched.Cluster.ApiToken);
        await using var session = new LabSession(api, scenario, options.SessionOptions("embedded cluster on Aspire"), TimeProvider.System);
        await using var page = await PageServer.StartAsync(session.Feed, session, TimeProvider.System, options.PagePort, cancellationToken);
        console.WriteLine($"page         {page.Link}");
        using var telemetry = LabTelemetry.Start(session.Feed, OtlpOf(init.Services), TimeProvider.System);
        await using var board = new ResourceBoard(resource, session.Feed, page, watched, init);
        resource.Session = session;
        try
        {
            return await LabOrders.RunAsync(
                session, new RunOrder(scenario, options.ByHand), order => session.RunAsync(order, new PlainTerminal(console), cancellationToken), console.WriteLine,
                options.Once ? null : () => "The lab stays up: steer it from the dashboard, the page or aspire resource; Ctrl-C ends it.", cancellationToken);
        }
        finally
        {
            resource.Session = null;
        }
    }

    /// <summary>Where this process sends its own telemetry: to the dashboard, which knows the run as the resource's.</summary>
    private static OtlpTarget? OtlpOf(IServiceProvider services)
    {
        var configuration = services.GetRequiredService<Microsoft.Extensions.Configuration.IConfiguration>();
        if (configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] is not { Length: > 0 } endpoint) return null;
        return new OtlpTarget(new Uri(endpoint), configuration["AppHost:OtlpApiKey"] is { Length: > 0 } key ? $"x-otlp-api-key={key}" : null);
    }

    private static void End(IHostApplicationLifetime lifetime, RunOutcome outcome)
    {
        Environment.ExitCode = (int)outcome;
        lifetime.StopApplication();
    }

    private static Task ShowAsync(InitializeResourceEvent init, DistributionResource resource, string state, string style) =>
        init.Notifications.PublishUpdateAsync(resource, s => s with { State = new ResourceStateSnapshot(state, style) });

    [LoggerMessage(Level = LogLevel.Information, Message = "Scenario {Scenario} ended: {Outcome}")]
    private static partial void LogEnded(ILogger logger, string scenario, RunOutcome outcome);

    [LoggerMessage(Level = LogLevel.Error, Message = "Scenario {Scenario} could not be run")]
    private static partial void LogFailed(ILogger logger, Exception exception, string scenario);
}
