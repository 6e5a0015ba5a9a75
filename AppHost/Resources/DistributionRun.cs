using CiliumDebugging.AppHost.CommandLine;
using CiliumDebugging.AppHost.Dashboard;
using CiliumDebugging.AppHost.Terminal;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.Statistics;
using k8s;
using k8s.Autorest;
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
/// <item>runs the scenario and, while the lab stays up, what is asked for after it; or watches a cluster that is
/// there;</item>
/// <item>ends the application with an exit code, or says on the console why the run failed.</item>
/// </list>
/// </summary>
internal sealed partial class DistributionRun(
    DistributionResource resource,
    InitializeResourceEvent init,
    LabOptions options,
    DistributionParts parts
)
{
    /// <summary>Begins the lines that Aspire's orchestrator adds to the output of a process.</summary>
    private const string OrchestratorPrefix = "[sys]";

    private static readonly TimeSpan s_verdictLimit = TimeSpan.FromMinutes(3);

    private readonly IHostApplicationLifetime _lifetime = init.Services.GetRequiredService<IHostApplicationLifetime>();
    private readonly IConfiguration _configuration = init.Services.GetRequiredService<IConfiguration>();
    private readonly ResourceLoggerService _logs = init.Services.GetRequiredService<ResourceLoggerService>();
    private readonly IAnsiConsole _console = RunTerminal.Open();

    private bool IsTerminal => _console.Profile.Out.IsTerminal;

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
            End(await RunUntilAsync(ended.Token));
        }
        catch (Exception e) when (ended.IsCancellationRequested && e is not OutOfMemoryException)
        {
            // Whatever breaks while everything is being stopped is not worth a word.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            var (message, outcome) = FailureOf(e);
            await Console.Error.WriteLineAsync(message);
            LogFailed(init.Logger, options.Scenario, message);
            var state = RowText.Styled($"Failed: {message.Split('\n')[0]}", KnownResourceStateStyles.Error);
            await init.Notifications.PublishUpdateAsync(resource, s => s with { State = state });
            End(outcome);
        }
    }

    private async Task<ExitCode> RunUntilAsync(CancellationToken cancellationToken)
    {
        _console.WriteLine($"dashboard    {DashboardAddresses.Link(_configuration)}");
        // 1. the cluster
        using var echo = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var notices = parts.Cluster.IsEmbedded ? PrintNoticesAsync(echo.Token) : Task.CompletedTask;
        try
        {
            using var api = new k8s.Kubernetes(await parts.Cluster.ReadyAsync(init.Services, cancellationToken));
            return parts.Cluster is EmbeddedClusterResource embedded
                ? await RunEmbeddedAsync(api, embedded, cancellationToken)
                : await RunExistingAsync(api, cancellationToken);
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
        _console.WriteLine($"export KUBECONFIG={cluster.Kubeconfig}");
        LabControllerOptions session = options.SessionOptions("embedded cluster");
        ClusterTopology topology = options.Topology;
        var source =
            $"emulates Cilium {CiliumConfig.Parse(options.ClusterSettings).Version}, {topology.Nodes.Length} nodes";
        var shown = new ShownCluster(
            $"the embedded cluster, which {source}: not a measurement of Cilium",
            source,
            [
                .. parts
                    .Workloads.Select(w => w.Namespace)
                    .Distinct(StringComparer.Ordinal)
                    .Select(ns => new MirroredPods(ns)),
            ],
            ClusterRights.All,
            IsEmbedded: true
        );
        return ShowAsync(api, session, shown, lab => RunOrdersAsync(lab, cancellationToken), cancellationToken);
    }

    private async Task<ExitCode> RunExistingAsync(k8s.Kubernetes api, CancellationToken cancellationToken)
    {
        resource.Settled.TrySetResult();
        var cluster = new ExistingClusterView(api, options);
        var (service, shown) = await cluster.FindAsync(cancellationToken);
        _console.WriteLine($"cluster      {shown.Source}");
        _console.WriteLine($"service      {service}");
        return await ShowAsync(
            api,
            cluster.SessionOptions(shown.Source),
            shown,
            lab => WatchAsync(api, service, lab, cancellationToken),
            cancellationToken
        );
    }

    /// <summary>2. Opens everything that shows the lab, and closes it again.</summary>
    private async Task<ExitCode> ShowAsync(
        k8s.Kubernetes api,
        LabControllerOptions sessionOptions,
        ShownCluster shown,
        Func<OpenLab, Task<ExitCode>> run,
        CancellationToken cancellationToken
    )
    {
        var scenario = options.LoadScenario();
        await using LabController session = new LabController(api, scenario, sessionOptions, TimeProvider.System);
        await using var page = await PageServer.StartAsync(
            session.Feed,
            session,
            TimeProvider.System,
            options.PagePort,
            cancellationToken
        );
        _console.WriteLine($"page         {page.Link}");
        var commands = new KubernetesCommands(
            api,
            session,
            name => session.IsRunning && session.Feed.Lab.Pods.Any(p => p.HubbleName == name),
            shown,
            TimeProvider.System
        );
        var clusterRow = await ClusterRowAsync(shown, cancellationToken);
        await using var mirror = new ClusterMirror(
            api,
            shown.Pods,
            new AspireRows(init.Services),
            commands,
            clusterRow,
            parts.Workloads,
            session.Feed,
            page.Link
        );
        await using var board = new DistributionBoard(resource, session.Feed, page, shown.Description, init);
        (resource.Session, resource.Rights, resource.IsEmbedded) = (session, shown.Rights, shown.IsEmbedded);
        session.Feed.Changed += Settle;
        var telemetry = resource.Settled.Task.ContinueWith(
            _ => RunTelemetry.Start(session.Feed, OtlpOf(), TimeProvider.System, instanceId: "all"),
            TaskScheduler.Default
        );
        try
        {
            return await run(new OpenLab(session, page, scenario));
        }
        finally
        {
            resource.Session = null;
            resource.Settled.TrySetResult();
            (await telemetry)?.Dispose();
        }

        void Settle()
        {
            if (session.Feed.State.Activity is PageActivity.Running or PageActivity.Watching or PageActivity.Ended)
                resource.Settled.TrySetResult();
        }
    }

    /// <summary>3. The scenario, and while the lab stays up what is asked for after it.</summary>
    private async Task<ExitCode> RunOrdersAsync(OpenLab lab, CancellationToken cancellationToken)
    {
        var (session, page, scenario) = lab;
        await using var keys = TerminalKeys.Start(session, page.Link, () => End(ExitCode.Interrupted), IsTerminal);
        var terminal = IsTerminal ? new LiveTerminal(_console) { Footer = () => keys?.Footer ?? "" } : null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var clusterEnd = new ResourceEnd(init.Notifications, _logs).OfAsync(parts.Cluster, stop.Token);
        var runs = RunLoop.RunAsync(
            session,
            new RunOrder(scenario, options.Manual),
            order =>
                terminal is null
                    ? session.RunAsync(order, new PlainTerminal(_console), stop.Token)
                    : terminal.RunAsync(() => session.RunAsync(order, terminal, stop.Token)),
            _console.WriteLine,
            options.StaysUp ? () => $"The lab stays up. {keys?.Footer ?? "Ctrl-C ends it."}" : null,
            stop.Token
        );
        try
        {
            if (await Task.WhenAny(runs, clusterEnd) == runs)
                return await runs;
            throw await clusterEnd;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(runs, clusterEnd).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// 3. A cluster that is there: what its Service's Pods answer, and the scenarios that are asked for.
    /// </summary>
    private async Task<ExitCode> WatchAsync(
        k8s.Kubernetes api,
        ServiceName service,
        OpenLab lab,
        CancellationToken cancellationToken
    )
    {
        LabController session = lab.Session;
        await using var keys = TerminalKeys.Start(session, lab.Page.Link, () => End(ExitCode.Interrupted), IsTerminal);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watch = new ServiceWatch(
            api,
            ServiceWatch.OptionsFor(service.Namespace, service.Name),
            session.Feed,
            TimeProvider.System,
            () => session.IsRunning
        );
        var watching = watch.RunAsync(stop.Token);
        var following = new VerdictLines(session.Feed, _console.WriteLine).RunAsync(stop.Token);
        var orders = RunRequestedAsync(session, stop.Token);
        try
        {
            var verdict = options.Once
                ? VerdictAsync(session.Feed, stop.Token)
                : Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop.Token)
                    .ContinueWith(_ => ExitCode.Success, TaskScheduler.Default);
            await await Task.WhenAny(watching, orders, verdict);
            ExitCode outcome = await verdict;
            _console.WriteLine(VerdictLines.LineOf(session.Feed.State));
            return outcome;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(watching, following, orders).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunRequestedAsync(LabController session, CancellationToken cancellationToken)
    {
        while (true)
        {
            var order = await session.NextOrderAsync(cancellationToken);
            try
            {
                var (_, saved) = await session.RunAsync(order, new PlainTerminal(_console), cancellationToken);
                _console.WriteLine(saved);
            }
            catch (Exception e) when (e is not OperationCanceledException and not OutOfMemoryException)
            {
                var (message, _) = FailureOf(e);
                await Console.Error.WriteLineAsync(message);
                LogFailed(init.Logger, order.Scenario.Name, message);
            }
        }
    }

    /// <summary>With --once: the verdict.</summary>
    /// <exception cref="TimeoutException">There is none within three minutes.</exception>
    private static async Task<ExitCode> VerdictAsync(LiveState feed, CancellationToken cancellationToken)
    {
        using var watching = feed.Watch();
        var since = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(since) < s_verdictLimit)
        {
            if (feed.State.Verdict is { Kind: VerdictKind.Skewed })
                return ExitCode.NotReproduced;
            if (feed.State.Verdict is { Kind: VerdictKind.Even })
                return ExitCode.Success;
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, cancellationToken);
        }
        throw new TimeoutException(
            $"no verdict within {s_verdictLimit.TotalMinutes:0} min: {feed.State.Situation.Headline}"
        );
    }

    /// <summary>
    /// Prints what the cluster says on its standard output, which is what its user should know: a port that was taken,
    /// and
    /// by whom. Its log is on standard error, in the dashboard.
    /// </summary>
    private async Task PrintNoticesAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var lines in _logs.WatchAsync(parts.Cluster).WithCancellation(cancellationToken))
            foreach (var line in lines.Where(l => !l.IsErrorMessage).Select(l => ResourceEnd.WithoutTime(l.Content)))
                if (!line.StartsWith(OrchestratorPrefix, StringComparison.Ordinal))
                    _console.WriteLine(line);
        }
        catch (OperationCanceledException)
        {
            // The lab ends.
        }
    }

    /// <summary>Names the cluster on its row. The row's id is DCP's where it is a process.</summary>
    private async Task<string> ClusterRowAsync(ShownCluster shown, CancellationToken cancellationToken)
    {
        var row = (
            await init.Notifications.WaitForResourceAsync(parts.Cluster.Name, _ => true, cancellationToken)
        ).ResourceId;
        var text = new RowText(
            RowText.Styled(KnownResourceStates.Running, KnownResourceStateStyles.Success),
            shown.Source
        )
        {
            Properties = parts.Cluster is EmbeddedClusterResource embedded ? [("KUBECONFIG", embedded.Kubeconfig)] : [],
        };
        await init.Notifications.PublishUpdateAsync(parts.Cluster, row, s => text.ApplyTo(s, page: null));
        return row;
    }

    private static (string Message, ExitCode Outcome) FailureOf(Exception failure) =>
        failure switch
        {
            ScenarioException or FormatException => (failure.Message, ExitCode.BadUsage),
            ResourceEndedException { ExitCode: (int)ExitCode.BadUsage } => (failure.Message, ExitCode.BadUsage),
            ResourceEndedException => ($"the lab failed: the cluster ended: {failure.Message}", ExitCode.Failed),
            HttpOperationException e => (
                $"the lab failed: the cluster refused a request: {(int)e.Response.StatusCode} {e.Response.Content}",
                ExitCode.Failed
            ),
            OperationCanceledException => ("the lab failed: the cluster did not answer in time", ExitCode.Failed),
            TimeoutException
            or HttpRequestException
            or IOException
            or InvalidOperationException
            or ObservationException
            or CiliumDebugging.Lab.Running.Existing.ClusterRefusedException => (
                $"the lab failed: {failure.Message}",
                ExitCode.Failed
            ),
            _ => ($"the lab failed: {failure}", ExitCode.Failed),
        };

    /// <summary>Where this process sends its own telemetry: to the dashboard.</summary>
    private OtlpTarget? OtlpOf()
    {
        if (_configuration[DashboardAddresses.OtlpEndpoint] is not { Length: > 0 } endpoint)
            return null;
        return new OtlpTarget(
            new Uri(endpoint),
            _configuration["AppHost:OtlpApiKey"] is { Length: > 0 } key ? $"x-otlp-api-key={key}" : null
        );
    }

    /// <summary>4. Ends the application.</summary>
    private void End(ExitCode exitCode)
    {
        Environment.ExitCode = (int)exitCode;
        _lifetime.StopApplication();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Scenario} failed: {Message}")]
    private static partial void LogFailed(ILogger logger, string scenario, string message);

    /// <summary>A lab that is open to be looked at.</summary>
    private sealed record OpenLab(LabController Session, PageServer Page, Scenario Scenario);
}

/// <summary>A cluster, and what of it is shown.</summary>
/// <param name="Description">What is measured on, for the verdict.</param>
/// <param name="Source">Which cluster it is, for its row.</param>
/// <param name="Pods">Which Pods have rows.</param>
/// <param name="Rights">What may be changed.</param>
/// <param name="IsEmbedded">Whether the lab made it: nobody else is hurt by what is done to it.</param>
internal sealed record ShownCluster(
    string Description,
    string Source,
    IReadOnlyList<MirroredPods> Pods,
    ClusterRights Rights,
    bool IsEmbedded
);
