using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using CiliumDebugging.ServiceDefaults.Processes;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.EmbeddedCluster.Kubelet;

/// <summary>What the workers of all Pods share.</summary>
internal sealed record KubeletContext(
    ContainerRuntime Runtime,
    StartTurns Starts,
    EventRecorder Events,
    TimeProvider Time,
    ILogger Log
);

/// <summary>
/// What a kubelet does for one Pod that has its addresses: (1) starts its program when it is its turn; (2) probes its
/// readiness; (3) starts it again, at growing intervals, when it ends and the restart policy says so; and writes all of
/// this to the Pod's status.
/// </summary>
internal sealed partial class PodWorker(
    V1Pod pod,
    PodPlace place,
    PodStatusWriter status,
    Func<CancellationToken, Task<string?>>? probe,
    KubeletContext kubelet
) : IAsyncDisposable
{
    private static readonly TimeSpan s_firstBackOff = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_longestBackOff = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_probePeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_firstProbePeriod = TimeSpan.FromMilliseconds(50);

    /// <summary>After that a program that does not answer keeps no other waiting.</summary>
    private static readonly TimeSpan s_longestStart = TimeSpan.FromSeconds(10);
    private const int FailuresUntilNotReady = 3;

    /// <summary>How long a program may take to answer its probe before an Event says that it does not.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _stop = new();
    private TimeSpan _grace = DotnetProcess.GracePeriod;
    private Task _running = Task.CompletedTask;
    private readonly TimeProvider _time = kubelet.Time;
    private int _restarts;
    private V1ContainerState? _last;

    public void Start() => _running = RunAsync();

    /// <summary>
    /// Ends the program, SIGTERM first, and completes when it has ended. It may take the grace period to drain; null:
    /// as long as when everything is stopped.
    /// </summary>
    public async Task StopAsync(TimeSpan? grace = null)
    {
        _grace = grace ?? _grace;
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    private async Task RunAsync()
    {
        var stop = _stop.Token;
        try
        {
            try
            {
                await RunContainerAsync(stop);
            }
            catch (ContainerStartException e)
            {
                await NotStartedAsync(e, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The Pod is gone.
        }
        catch (Exception e)
        {
            Failed(kubelet.Log, pod.Namespace(), pod.Name(), e);
        }
    }

    private async Task NotStartedAsync(ContainerStartException e, CancellationToken stop)
    {
        var waiting = PodStatusWriter.Waiting(e.Reason, e.Message);
        var phase = _restarts == 0 ? "Pending" : "Running";
        await status.WriteAsync(phase, ready: false, waiting, stop, _restarts, _last);
        Record("Failed", e.Message, isWarning: true);
    }

    private async Task<DotnetProcess?> TryStartAsync(CancellationToken stop)
    {
        try
        {
            return kubelet.Runtime.Start(pod, place);
        }
        catch (ContainerStartException e) when (e.MayPass)
        {
            await NotStartedAsync(e, stop);
            return null;
        }
    }

    private void Record(string reason, string message, bool isWarning) =>
        kubelet.Events.Record(pod, "kubelet", reason, message, isWarning);

    private async Task RunContainerAsync(CancellationToken stop)
    {
        var backOff = s_firstBackOff;
        while (true)
        {
            // 1.
            using var turn = await kubelet.Starts.TakeAsync(stop);
            await using var process = await TryStartAsync(stop);
            if (process is null)
            {
                turn.Dispose();
                backOff = await BackOffAsync(backOff, stop);
                continue;
            }
            var container = pod.Spec.Containers[0].Name;
            Record("Started", $"Started process {process.Id} for container {container}", isWarning: false);
            var since = _time.GetTimestamp();
            // 2.
            await ProbeWhileRunningAsync(process, turn, stop);
            // 3.
            var exitCode = process.ExitCode;
            _last = status.Terminated(exitCode);
            if (exitCode != 0)
            {
                var output = string.Join(Environment.NewLine, process.Output.TakeLast(20));
                Crashed(kubelet.Log, pod.Namespace(), pod.Name(), exitCode, output);
            }
            if (pod.Spec.RestartPolicy is "Never" || (pod.Spec.RestartPolicy is "OnFailure" && exitCode == 0))
            {
                await status.WriteAsync(exitCode == 0 ? "Succeeded" : "Failed", false, _last, stop, _restarts);
                return;
            }
            if (_time.GetElapsedTime(since) > s_longestBackOff)
                backOff = s_firstBackOff;
            var message = $"back-off {backOff.TotalSeconds} s restarting failed container";
            var waiting = PodStatusWriter.Waiting("CrashLoopBackOff", message);
            await status.WriteAsync("Running", ready: false, waiting, stop, _restarts, _last);
            Record("BackOff", $"Back-off restarting failed container, exit code {exitCode}", isWarning: true);
            backOff = await BackOffAsync(backOff, stop);
            _restarts++;
        }
    }

    /// <returns>How long to wait the next time.</returns>
    private async Task<TimeSpan> BackOffAsync(TimeSpan backOff, CancellationToken stop)
    {
        await Task.Delay(backOff, _time, stop);
        return backOff * 2 < s_longestBackOff ? backOff * 2 : s_longestBackOff;
    }

    private async Task ProbeWhileRunningAsync(DotnetProcess process, IDisposable turn, CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var probing = ProbeUntilAsync(turn, ended.Token);
        try
        {
            await process.WaitForExitAsync(stop);
        }
        catch (OperationCanceledException)
        {
            await process.StopAsync(_grace);
            throw;
        }
        finally
        {
            await ended.CancelAsync();
            await probing;
        }
    }

    private async Task ProbeUntilAsync(IDisposable turn, CancellationToken stop)
    {
        try
        {
            await ProbeAsync(turn, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The program ended, or its Pod is gone.
        }
        catch (Exception e)
        {
            Failed(kubelet.Log, pod.Namespace(), pod.Name(), e);
        }
        finally
        {
            turn.Dispose();
        }
    }

    /// <summary>
    /// Often until it succeeds for the first time, then once a second; three failures make the Pod not ready.
    /// </summary>
    private async Task ProbeAsync(IDisposable turn, CancellationToken stop)
    {
        var since = _time.GetTimestamp();
        var (ready, failures, recorded, state) = (false, 0, false, status.Running());
        await status.WriteAsync("Running", ready, state, stop, _restarts, _last);
        while (true)
        {
            var failure = probe is null ? null : await probe(stop);
            var answered = failure is null;
            failures = answered ? 0 : failures + 1;
            if (answered || _time.GetElapsedTime(since) > s_longestStart)
                turn.Dispose();
            if (ready ? failures >= FailuresUntilNotReady : answered)
            {
                ready = !ready;
                await status.WriteAsync("Running", ready, state, stop, _restarts, _last);
            }
            if (!ready && !recorded && failures >= FailuresUntilNotReady && _time.GetElapsedTime(since) > s_patience)
            {
                recorded = true;
                Record("Unhealthy", $"Readiness probe failed: {failure}", isWarning: true);
            }
            else if (ready)
                recorded = false;
            if (probe is null)
                return;
            await Task.Delay(ready ? s_probePeriod : s_firstProbePeriod, _time, stop);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "the program of pod {Namespace}/{Name} ended with exit code {ExitCode}:\n{Output}"
    )]
    private static partial void Crashed(ILogger log, string @namespace, string name, int exitCode, string output);

    [LoggerMessage(Level = LogLevel.Error, Message = "the kubelet gives up pod {Namespace}/{Name}")]
    private static partial void Failed(ILogger log, string @namespace, string name, Exception exception);
}
