using System.Collections.Immutable;
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

/// <summary>A run that was asked for.</summary>
/// <param name="Scenario">The scenario.</param>
/// <param name="Manual">Whether only its load runs and the operator makes the changes.</param>
public sealed record RunOrder(Scenario Scenario, bool Manual);

/// <summary>
/// The lab as one steers it: runs scenarios one after the other, carries out commands (from pages, the terminal, Aspire) and keeps the feed that all of them show. The host asks for the next order
/// and runs it, so that it may show it in its own way.
/// </summary>
public sealed class LabController : IPageCommands, IAsyncDisposable
{
    private static readonly TimeSpan s_lookInterval = TimeSpan.FromSeconds(2);

    /// <summary>What a user may not read seldom changes.</summary>
    private static readonly TimeSpan s_refusedLookInterval = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan s_reportLimit = TimeSpan.FromSeconds(15);
    private const int ReportsShown = 20;

    private readonly Kubernetes _cluster;
    private readonly LabControllerOptions _options;
    private readonly TimeProvider _time;
    private readonly ClusterChanges _changes;
    private readonly ClusterWatch _watch;
    private readonly Channel<RunOrder> _orders = Channel.CreateBounded<RunOrder>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest }
    );
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _one = new(1, 1),
        _look = new(1, 1);
    private readonly Task _looking;
    private ImmutableArray<SavedReport> _reports = [];
    private Scenario _scenario;
    private bool _ran;
    private RunController? _control;
    private volatile bool _running;

    /// <param name="cluster">The cluster.</param>
    /// <param name="first">The scenario that is shown before any ran.</param>
    /// <param name="options">What the session needs to know of its host.</param>
    /// <param name="time">Time source.</param>
    public LabController(Kubernetes cluster, Scenario first, LabControllerOptions options, TimeProvider time)
    {
        (_cluster, _scenario, _options, _time) = (cluster, first, options, time);
        (_changes, _watch, Feed) = (new ClusterChanges(cluster), new ClusterWatch(cluster), new LiveState(time));
        Undo = new ClusterUndo(cluster);
        _looking = LookAsync();
    }

    /// <summary>What was changed since the cluster was last where a run begins.</summary>
    internal ClusterUndo Undo { get; }

    /// <summary>What is known right now.</summary>
    public LiveState Feed { get; }

    /// <summary>Whether a run is under way, from before the feed shows it until after it shows its end.</summary>
    public bool IsRunning => _running;

    /// <summary>The next run that somebody asks for.</summary>
    public ValueTask<RunOrder> NextOrderAsync(CancellationToken cancellationToken) =>
        _orders.Reader.ReadAsync(cancellationToken);

    /// <summary>Runs a scenario, steered by this session's commands, and saves its report.</summary>
    /// <param name="order">What to run.</param>
    /// <param name="terminal">Follows the run, too.</param>
    /// <param name="cancellationToken">Ends it without a report.</param>
    public async Task<(RunReport Report, string Saved)> RunAsync(
        RunOrder order,
        IRunListener terminal,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(order);
        var scenario = order.Manual ? order.Scenario.Manual() : order.Scenario;
        LiveStateListener observer = new LiveStateListener(Feed, terminal);
        using RunController control = new RunController();
        _scenario = order.Scenario;
        _running = true;
        Feed.Begin(scenario.Name, scenario.Title, order.Manual, scenario.Load.RatePerSecond);
        try
        {
            if (_options.Run is null && _ran)
            {
                observer.OnStep("bringing the cluster back to where a run begins");
                await new ClusterReset(_cluster, _time, Undo).RunAsync(
                    order.Scenario,
                    _options.Settings(order.Scenario),
                    cancellationToken
                );
            }
            if (_options.Run is null)
                await Undo.RememberAsync(order.Scenario, cancellationToken);
            _ran = true;
            _control = control;
            var report = _options.Run is { } run
                ? await run(order, observer, control, cancellationToken)
                : await new ScenarioRunner(_cluster, _time).RunAsync(
                    scenario,
                    _options.Backends(scenario),
                    observer,
                    cancellationToken,
                    control
                );
            return (report, Save(report));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Feed.Fail(
                e is HttpOperationException refused
                    ? $"the cluster refused a request: {ApiMessages.Of(refused)}"
                    : e.Message
            );
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
                PageAction.ApplyPolicy => await ChangeAsync(
                    new ApplyStep(command.Target, PoliciesOf(command.Target)),
                    cancellationToken
                ),
                PageAction.RemovePolicy => await ChangeAsync(
                    new DeleteStep(command.Target, PoliciesOf(command.Target)),
                    cancellationToken
                ),
                PageAction.DeletePod => await ChangeAsync(
                    new DeletePodStep(PodPlace.Any, PodOf(command.Target)),
                    cancellationToken
                ),
                PageAction.WriteReport => await WriteAsync(cancellationToken),
                _ => Order(command),
            };
        }
        catch (Exception e)
            when (e is HttpOperationException or HttpRequestException or TimeoutException or InvalidOperationException)
        {
            throw new CommandRefusedException(
                e is HttpOperationException refused ? $"the cluster refused it: {ApiMessages.Of(refused)}" : e.Message
            );
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<string> WriteAsync(CancellationToken cancellationToken)
    {
        var report = IsRunning ? await Feed.NextReportAsync(s_reportLimit, cancellationToken) : Feed.Report;
        return report is not null
            ? Save(report)
            : throw new CommandRefusedException(
                IsRunning
                    ? "nothing has been counted yet: try again in a moment"
                    : "there is nothing to report yet: start a run first"
            );
    }

    private string Stop()
    {
        if (_control is not { } control)
            throw new CommandRefusedException("no run is under way");
        control.Stop();
        return "ending the run: the last answers are waited for";
    }

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
        _orders.Writer.TryWrite(new RunOrder(scenario, command.Action is PageAction.Manual));
        return command.Action is PageAction.Manual
            ? $"the load of {scenario.Name} is about to start; changes are yours"
            : $"{scenario.Name} is about to start";
    }

    /// <summary>A name of the catalogue or the scenario the lab was started with: a command must not read any folder it likes.</summary>
    private string Known(string name) =>
        _options.Scenarios.Any(s => s.Name == name)
            ? name
            : throw new CommandRefusedException(
                $"there is no scenario '{name}': choose one of {string.Join(", ", _options.Scenarios.Select(s => s.Name))}"
            );

    private async Task<string> ChangeAsync(ScenarioStep step, CancellationToken cancellationToken)
    {
        if (_control is { } control)
            await control.ChangeAsync(step, cancellationToken);
        else if (_options.Run is not null)
            throw new CommandRefusedException(
                "no run is under way, and a run puts back in its end what was changed: start one first"
            );
        else
            await ChangeAtRestAsync(step, cancellationToken);
        await LookOnceAsync(cancellationToken);
        return step switch
        {
            ApplyStep apply => $"applied {apply.File}",
            DeleteStep delete => $"removed {delete.File}",
            DeletePodStep { Pod: { } pod } => $"deleted pod {pod}",
            _ => "done",
        };
    }

    private async Task ChangeAtRestAsync(ScenarioStep step, CancellationToken cancellationToken)
    {
        foreach (var reference in ChangedObjects.Of(step, _scenario.Load))
            await Undo.RememberAsync(reference, cancellationToken);
        switch (step)
        {
            case ApplyStep apply:
                foreach (var policy in apply.Policies)
                    await _changes.ApplyAsync(policy, cancellationToken);
                break;
            case DeleteStep delete:
                foreach (var policy in delete.Policies)
                    await _changes.DeleteAsync(policy, cancellationToken);
                break;
            case DeletePodStep { Pod: { } pod }:
                await _cluster.CoreV1.DeleteNamespacedPodAsync(
                    pod,
                    _scenario.Load.Namespace,
                    cancellationToken: cancellationToken
                );
                break;
        }
    }

    private ImmutableArray<PolicyManifest> PoliciesOf(string file) =>
        _scenario.PolicyFiles().Where(f => f.File == file).Select(f => f.Policies).FirstOrDefault()
            is { IsDefaultOrEmpty: false } policies
            ? policies
            : throw new CommandRefusedException(
                $"scenario {_scenario.Name} has no policy file '{file}': it has {(_scenario.PolicyFiles() is { Count: > 0 } files ? string.Join(", ", files.Select(f => f.File)) : "none")}"
            );

    private string PodOf(string target) =>
        Feed.Lab.Pods.FirstOrDefault(p => p.HubbleName == target)?.Name
        ?? throw new CommandRefusedException(
            $"there is no backend pod '{target}': choose one of {string.Join(", ", Feed.Lab.Pods.Select(p => p.HubbleName))}"
        );

    private string Save(RunReport report)
    {
        var (line, folder) = RunFiles.Save(report, _options.Artifacts);
        if (folder is null)
            return line;
        _reports =
        [
            new SavedReport(Path.GetFileName(folder), report.Diagnosis.Name) { Folder = Path.GetFullPath(folder) },
            .. _reports.Take(ReportsShown - 1),
        ];
        Feed.SetLab(Feed.Lab with { Reports = _reports });
        return line;
    }

    private async Task LookAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await LookOnceAsync(_stop.Token);
            }
            catch (Exception e)
                when (e is HttpOperationException or HttpRequestException or IOException or OperationCanceledException)
            {
                // The cluster is starting or going; the next look will tell.
            }
            await Task.Delay(_watch.IsRefused ? s_refusedLookInterval : s_lookInterval, _time, _stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LookOnceAsync(CancellationToken cancellationToken)
    {
        // One after the other: an older look must not overwrite what a newer one saw.
        await _look.WaitAsync(cancellationToken);
        try
        {
            var scenario = _scenario;
            var policies = await _watch.PoliciesAsync(scenario, cancellationToken);
            var pods = await _watch.PodsAsync(scenario, cancellationToken);
            PageInfo old = Feed.Lab;
            if (old.Host == _options.Host && policies.SequenceEqual(old.Policies) && pods.SequenceEqual(old.Pods))
                return;
            Feed.SetLab(new PageInfo(_options.Host, _options.Scenarios, policies, pods, _reports));
        }
        finally
        {
            _look.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _looking;
        _stop.Dispose();
        _one.Dispose();
        _look.Dispose();
    }
}

/// <summary>What a session needs to know of its host.</summary>
/// <param name="Host">Host and cluster in a few words.</param>
/// <param name="Scenarios">What can be run.</param>
/// <param name="Load">Reads a scenario, with the rate and durations that were asked for; throws <see cref="ScenarioException"/>.</param>
/// <param name="Settings">Data of kube-system/cilium-config for a scenario.</param>
/// <param name="Backends">Pods behind the Service of a scenario.</param>
/// <param name="Artifacts">Folder of the reports.</param>
public sealed record LabControllerOptions(
    string Host,
    ImmutableArray<ScenarioChoice> Scenarios,
    Func<string, Scenario> Load,
    Func<Scenario, ImmutableSortedDictionary<string, string>> Settings,
    Func<Scenario, int> Backends,
    string Artifacts = RunFiles.Artifacts
)
{
    /// <summary>Runs an order in the host's own way, which leaves the cluster as it was; null: the scenario's steps alone, and the cluster is brought back before the next run.</summary>
    public Func<RunOrder, IRunListener, RunController, CancellationToken, Task<RunReport>>? Run { get; init; }
}
