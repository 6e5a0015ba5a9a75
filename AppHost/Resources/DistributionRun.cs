using CiliumDebugging.AppHost.CommandLine;
using CiliumDebugging.AppHost.Dashboard;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Processes;
using k8s;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>
/// The work behind the distribution:
/// <list type="number">
/// <item>waits until the cluster is ready;</item>
/// <item>opens everything that shows it: live page, rows, terminal, telemetry;</item>
/// <item>runs the scenario and, while the lab stays up, what is requested after it; or watches an existing
/// cluster;</item>
/// <item>ends the application with an exit code, or prints why the run failed.</item>
/// </list>
/// </summary>
internal sealed partial class DistributionRun(
    DistributionResource resource,
    InitializeResourceEvent init,
    AppHostOptions options,
    DistributionParts parts
)
{
    private static readonly TimeSpan s_maxOutage = TimeSpan.FromSeconds(5);

    private readonly IHostApplicationLifetime _lifetime = init.Services.GetRequiredService<IHostApplicationLifetime>();
    private readonly IConfiguration _configuration = init.Services.GetRequiredService<IConfiguration>();
    private readonly ResourceEnd _clusterEnd = new(
        init.Notifications,
        init.Services.GetRequiredService<ResourceLoggerService>()
    );
    private readonly IAnsiConsole _console = RunTerminal.Open();

    /// <summary>Runs to the end.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken,
            _lifetime.ApplicationStopping
        );
        using var settles = ended.Token.Register(() => resource.Settled.TrySetResult());
        try
        {
            var exitCode = await RunUntilAsync(ended.Token);
            // The exit code of an application that is being stopped is that of the signal.
            if (!ended.IsCancellationRequested)
                End(exitCode);
        }
        catch (Exception e) when (ended.IsCancellationRequested && e is not OutOfMemoryException)
        {
            // What fails while everything is being stopped is not worth a message.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            var failure = RunFailure.Of(e);
            await Console.Error.WriteLineAsync(failure.Message);
            LogFailed(init.Logger, options.ScenarioReference, failure.Message);
            var state = RowText.Styled($"Failed: {failure.Message.Split('\n')[0]}", KnownResourceStateStyles.Error);
            await init.Notifications.PublishUpdateAsync(resource, s => s with { State = state });
            End(failure.ExitCode);
        }
    }

    private async Task<ExitCode> RunUntilAsync(CancellationToken cancellationToken)
    {
        if (parts.Cluster.IsEmbedded)
            RunFiles.Check(options.ControllerOptions().Artifacts);
        _console.WriteUnbroken($"dashboard    {DashboardAddresses.Link(_configuration)}");
        // 1. the cluster
        using var echo = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var notices = parts.Cluster.IsEmbedded
            ? _clusterEnd.PrintOutputAsync(parts.Cluster, _console.WriteLine, echo.Token)
            : Task.CompletedTask;
        try
        {
            using var api = new k8s.Kubernetes(
                await parts.Cluster.ReadyAsync(init.Services, cancellationToken),
                // A busy machine may break a connection off; the end of the cluster's process is noticed by itself.
                new OutageHandler(s_maxOutage, TimeProvider.System)
            );
            return parts.Cluster is EmbeddedClusterResource embedded
                ? await RunEmbeddedAsync(api, embedded, cancellationToken)
                : await RunExistingAsync(api, options.Existing!, cancellationToken);
        }
        finally
        {
            await echo.CancelAsync();
            await notices;
        }
    }

    private Task<ExitCode> RunEmbeddedAsync(
        k8s.Kubernetes api,
        EmbeddedClusterResource cluster,
        CancellationToken cancellationToken
    )
    {
        _console.WriteUnbroken($"export KUBECONFIG={ShellText.Quote(cluster.Kubeconfig)}");
        var version = CiliumConfig.Parse(options.ClusterSettings).Version;
        var source = $"emulates Cilium {version}, {options.Topology.Nodes.Length} nodes";
        var namespaces = parts.Workloads.Select(w => w.Namespace).Distinct(StringComparer.Ordinal);
        var shown = new ShownCluster
        {
            Description = $"the embedded cluster, which {source}: not a measurement of Cilium",
            Source = source,
            Pods = [.. namespaces.Select(ns => new MirroredPods(ns))],
            Rights = ClusterRights.All,
            IsEmbedded = true,
        };
        // 3. the scenario, and while the lab stays up what is requested after it
        var first = new RunOrder(options.Scenario, options.Manual);
        return ShowAsync(
            api,
            options.ControllerOptions(),
            shown,
            lab =>
                new RunLoop(lab, first, options.StaysUp).RunAsync(
                    (onEnd, token) => _clusterEnd.OfAsync(cluster, onEnd, token),
                    cancellationToken
                ),
            cancellationToken
        );
    }

    private async Task<ExitCode> RunExistingAsync(
        k8s.Kubernetes api,
        ExistingCluster cluster,
        CancellationToken cancellationToken
    )
    {
        resource.Settled.TrySetResult();
        var search = new ExistingClusterSearch(api, options, cluster);
        var (service, shown) = await search.FindAsync(cancellationToken);
        _console.WriteLine($"cluster      {shown.Source}");
        _console.WriteLine($"service      {service}");
        // 3. what the Service's Pods answer, and the scenarios that are requested
        return await ShowAsync(
            api,
            options
                .ControllerOptions()
                .OnExistingCluster(() => new ExistingClusterRun(api, new SessionRights(), TimeProvider.System)),
            shown,
            lab => new ExistingClusterWatch(api, service, lab, init.Logger).RunAsync(options.Once, cancellationToken),
            cancellationToken
        );
    }

    /// <summary>2. Opens everything that shows the lab, and closes it again.</summary>
    private async Task<ExitCode> ShowAsync(
        k8s.Kubernetes api,
        LabControllerOptions controllerOptions,
        ShownCluster shown,
        Func<OpenLab, Task<ExitCode>> run,
        CancellationToken cancellationToken
    )
    {
        await using var controller = new LabController(api, options.Scenario, controllerOptions, TimeProvider.System);
        var feed = controller.Feed;
        await using var page = await PageServer.StartAsync(
            feed,
            controller,
            TimeProvider.System,
            options.PagePort,
            cancellationToken
        );
        _console.WriteUnbroken($"page         {page.Link}");
        var commands = new KubernetesCommands(
            api,
            controller,
            name => controller.IsRunning && feed.Lab.Pods.Any(p => p.HubbleName == name),
            shown,
            TimeProvider.System
        );
        var rows = new MirrorRows(
            new AspireRows(init.Services),
            await ClusterRowAsync(shown, cancellationToken),
            page.Link
        );
        await using var mirror = new ClusterMirror(api, shown.Pods, rows, commands, parts.Workloads, feed);
        await using var board = new DistributionBoard(resource, feed, page, shown.Description, init);
        (resource.Controller, resource.Rights, resource.IsEmbedded) = (controller, shown.Rights, shown.IsEmbedded);
        feed.Changed += Settle;
        var telemetry = StartTelemetryAsync(feed, cancellationToken);
        try
        {
            return await run(
                new OpenLab(controller, page, _console, () => End(ExitCode.Interrupted)) { Verbose = options.Verbose }
            );
        }
        finally
        {
            resource.Controller = null;
            resource.Settled.TrySetResult();
            (await telemetry)?.Dispose();
        }

        void Settle()
        {
            if (feed.State.Activity is PageActivity.Running or PageActivity.Watching or PageActivity.Ended)
                resource.Settled.TrySetResult();
        }
    }

    /// <summary>
    /// Names the cluster on its row. The row's id is given by Aspire's orchestrator where it is a process.
    /// </summary>
    private async Task<string> ClusterRowAsync(ShownCluster shown, CancellationToken cancellationToken)
    {
        var row = await init.Notifications.WaitForResourceAsync(parts.Cluster.Name, _ => true, cancellationToken);
        var state = RowText.Styled(KnownResourceStates.Running, KnownResourceStateStyles.Success);
        var text = new RowText(state, shown.Source)
        {
            Properties = parts.Cluster is EmbeddedClusterResource embedded ? [("KUBECONFIG", embedded.Kubeconfig)] : [],
        };
        await init.Notifications.PublishUpdateAsync(parts.Cluster, row.ResourceId, s => text.ApplyTo(s, page: null));
        return row.ResourceId;
    }

    /// <summary>Sends this process's own telemetry to the dashboard, where there is one, once it has started.</summary>
    private async Task<RunTelemetry?> StartTelemetryAsync(LiveState feed, CancellationToken ended)
    {
        await resource.Settled.Task;
        if (
            ended.IsCancellationRequested
            || _configuration[DashboardAddresses.OtlpEndpoint] is not { Length: > 0 } endpoint
        )
            return null;
        var headers = _configuration["AppHost:OtlpApiKey"] is { Length: > 0 } key ? $"x-otlp-api-key={key}" : null;
        var target = new OtlpTarget(new Uri(endpoint), headers);
        return RunTelemetry.Start(feed, target, TimeProvider.System, instanceId: "all");
    }

    /// <summary>4. Ends the application.</summary>
    private void End(ExitCode exitCode)
    {
        Environment.ExitCode = (int)exitCode;
        _lifetime.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Scenario} failed: {Message}")]
    private static partial void LogFailed(ILogger logger, string scenario, string message);
}
