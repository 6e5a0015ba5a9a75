using System.Threading.Channels;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.Measurement.Runs;
using k8s;
using k8s.Autorest;

namespace CiliumDebugging.Lab.Control;

/// <summary>
/// Controls the lab: runs scenarios one after the other, carries out commands (from pages, the terminal, Aspire) and
/// keeps the live state that all of them show. The host takes the next order and runs it, so that it can show it in its
/// own way.
/// </summary>
public sealed class LabController : IPageCommands, IAsyncDisposable
{
    private const int MaxReports = 20;

    private static readonly TimeSpan s_maxReportWait = TimeSpan.FromSeconds(15);

    /// <summary>The end of the lab's own cluster is noticed within this time, also on a busy machine.</summary>
    public static TimeSpan EndNotice { get; } = TimeSpan.FromSeconds(10);

    private readonly Kubernetes _cluster;
    private readonly LabControllerOptions _options;
    private readonly TimeProvider _time;
    private readonly ClusterWatch _watch;
    private readonly Channel<RunOrder> _orders = Channel.CreateBounded<RunOrder>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest }
    );
    private readonly SemaphoreSlim _one = new(1, 1);
    private Scenario _scenario;
    private bool _ran;
    private RunController? _control;
    private volatile bool _running;

    /// <param name="cluster">The cluster.</param>
    /// <param name="first">The scenario that is shown before the first run.</param>
    /// <param name="options">What is known of the host.</param>
    /// <param name="time">Time source.</param>
    public LabController(Kubernetes cluster, Scenario first, LabControllerOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_cluster, _scenario, _options, _time, Feed) = (cluster, first, options, time, new LiveState(time));
        Undo = new ClusterUndo(cluster);
        _watch = new ClusterWatch(cluster, () => _scenario, ShowCluster, time);
    }

    /// <summary>What was changed since the cluster was last where a run begins.</summary>
    internal ClusterUndo Undo { get; }

    /// <summary>The live state.</summary>
    public LiveState Feed { get; }

    /// <summary>Whether a run is under way, from before the live state shows it until after it shows its end.</summary>
    public bool IsRunning => _running;

    /// <summary>Waits for the next run that is requested.</summary>
    public ValueTask<RunOrder> NextOrderAsync(CancellationToken cancellationToken) =>
        _orders.Reader.ReadAsync(cancellationToken);

    /// <summary>Runs a scenario, which commands may change and end, and saves its report.</summary>
    /// <param name="order">What to run.</param>
    /// <param name="terminal">Follows the run, too.</param>
    /// <param name="cancellationToken">Ends it: what was complete is reported.</param>
    public async Task<(RunReport Report, SavedFiles Files)> RunAsync(
        RunOrder order,
        IRunListener terminal,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(order);
        var scenario = order.Manual ? order.Scenario.Manual() : order.Scenario;
        var listener = new LiveStateListener(Feed, terminal);
        using var control = new RunController { EndNotice = _options.Run is null ? EndNotice : TimeSpan.Zero };
        (_scenario, _running) = (order.Scenario, true);
        Feed.Begin(scenario.Name, scenario.Title, order.Manual, scenario.Load.RatePerSecond);
        try
        {
            if (_options.Run is null && _ran)
            {
                listener.OnStep("resetting the cluster");
                var settings = _options.Settings(order.Scenario);
                await new ClusterReset(_cluster, _time, Undo).RunAsync(order.Scenario, settings, cancellationToken);
            }
            if (_options.Run is null)
                await Undo.RememberAsync(
                    order.Scenario,
                    cancellationToken,
                    new DeploymentChanges(_cluster, _time).FollowRestoredAsync
                );
            (_ran, _control) = (true, control);
            var report = _options.Run is { } run
                ? await run(order, listener, control, cancellationToken)
                : await new ScenarioRunner(_cluster, _time).RunAsync(
                    scenario,
                    _options.Backends(scenario),
                    listener,
                    cancellationToken,
                    control
                );
            return (report, Save(report) with { IsRestored = listener.IsRestored });
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Feed.Fail(ApiMessages.Of(e));
            throw;
        }
        finally
        {
            (_control, _running) = (null, false);
        }
    }

    /// <inheritdoc/>
    public async Task<string> RunAsync(PageCommand command, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (command.Action is PageAction.Stop)
            return Stop();
        if (!await _one.WaitAsync(0, cancellationToken))
            throw new CommandRefusedException("another command is being carried out: try again when it is done");
        try
        {
            return command.Action switch
            {
                PageAction.Run or PageAction.Manual => Order(command),
                PageAction.WriteReport => await WriteAsync(cancellationToken),
                _ => await ChangeAsync(command, cancellationToken),
            };
        }
        catch (Exception e)
            when (e is HttpOperationException or HttpRequestException or TimeoutException or InvalidOperationException)
        {
            throw new CommandRefusedException(ApiMessages.Of(e));
        }
        finally
        {
            _one.Release();
        }
    }

    private string Stop()
    {
        if (_control is not { } control)
            throw new CommandRefusedException("no run is under way");
        control.Stop();
        return "ending the run: waiting for the last answers";
    }

    /// <summary>Ends the run that is under way, because its cluster is gone; its report says so.</summary>
    /// <param name="reason">What happened, without a full stop.</param>
    public void Break(string reason) => _control?.Break(reason);

    private string Order(PageCommand command)
    {
        Scenario scenario;
        try
        {
            scenario = _options.Load(command.Target.Length > 0 ? Known(command.Target) : _scenario.Name);
        }
        catch (ScenarioException e)
        {
            throw new CommandRefusedException(e.Message);
        }
        _control?.Stop();
        var isManual = command.Action is PageAction.Manual;
        _orders.Writer.TryWrite(new RunOrder(scenario, isManual));
        return isManual
            ? $"the load of {scenario.Name} is about to start; make changes manually"
            : $"{scenario.Name} is about to start";
    }

    /// <summary>A name of the catalogue: a command must not read any other folder.</summary>
    private string Known(string name)
    {
        var known = _options.Scenarios.Select(s => s.Name).ToList();
        return known.Contains(name)
            ? name
            : throw new CommandRefusedException(
                $"there is no scenario '{name}': choose one of {string.Join(", ", known)}"
            );
    }

    private async Task<string> ChangeAsync(PageCommand command, CancellationToken cancellationToken)
    {
        var change = ClusterCommand.Of(command, _scenario, Feed.Lab.Pods);
        if (_control is { } control)
            await control.ChangeAsync(change.Step, cancellationToken);
        else if (_options.Run is null)
        {
            foreach (var reference in ChangedObjects.Of(change.Step, _scenario.Load))
                await Undo.RememberAsync(reference, cancellationToken);
            await change.RunAsync(_cluster, _scenario, cancellationToken);
        }
        else
            throw new CommandRefusedException(
                "no run is under way, and a run restores at its end what was changed: start one first"
            );
        await _watch.LookAsync(cancellationToken);
        return change.Done;
    }

    private async Task<string> WriteAsync(CancellationToken cancellationToken)
    {
        var isRunning = IsRunning;
        var report = isRunning ? await Feed.NextReportAsync(s_maxReportWait, cancellationToken) : Feed.Report;
        if (report is not null)
            return Save(report).Line;
        throw new CommandRefusedException(
            isRunning
                ? "nothing has been counted yet: try again in a moment"
                : "there is nothing to report yet: start a run first"
        );
    }

    private SavedFiles Save(RunReport report)
    {
        var command = _options.Command?.Invoke(report.Scenario);
        var files = RunFiles.Save(
            report with
            {
                Details = report.Details with { Command = command },
            },
            _options.Artifacts
        );
        if (files.Folder is not { } folder)
            return files;
        var saved = new SavedReport(Path.GetFileName(folder), report.Diagnosis.Name)
        {
            Folder = Path.GetFullPath(folder),
        };
        Feed.ChangeLab(lab => lab with { Reports = [saved, .. lab.Reports.Take(MaxReports - 1)] });
        return files;
    }

    private void ShowCluster(ObservedObjects seen) =>
        Feed.ChangeLab(lab =>
            lab.Cluster == seen.Cluster
            && seen.Policies.SequenceEqual(lab.Policies)
            && seen.Pods.SequenceEqual(lab.Pods)
                ? lab
                : new PageInfo(seen.Cluster, _options.Scenarios, seen.Policies, seen.Pods, lab.Reports)
        );

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync();
        _one.Dispose();
    }
}
