using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using CiliumDebugging.ServiceDefaults.Processes;
using k8s.Autorest;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.EmbeddedCluster.Kubelet;

/// <summary>
/// What a kubelet does for one Pod that has its addresses: (1) starts its program; (2) probes its readiness; (3) starts
/// it again, at growing intervals, when it ends and the restart policy says so; and writes all of this to the Pod's
/// status.
/// </summary>
internal sealed partial class PodWorker(
    V1Pod pod,
    PodPlace place,
    PodStatusWriter status,
    Func<CancellationToken, Task<bool>>? probe,
    ContainerRuntime runtime,
    EventRecorder events,
    TimeProvider time,
    ILogger log
) : IAsyncDisposable
{
    private static readonly TimeSpan s_firstBackOff = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_longestBackOff = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_probePeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_firstProbePeriod = TimeSpan.FromMilliseconds(50);
    private const int FailuresUntilNotReady = 3;

    private readonly CancellationTokenSource _stop = new();
    private TimeSpan _grace = DotnetProcess.GracePeriod;
    private Task _running = Task.CompletedTask;
    private int _restarts;
    private V1ContainerState? _last;

    /// <summary>Begins.</summary>
    public void Start() => _running = RunAsync();

    /// <summary>Ends the program, SIGTERM first, and completes when it has ended.</summary>
    /// <param name="grace">How long it may take to drain; null: as long as when everything is stopped.</param>
    public async Task StopAsync(TimeSpan? grace = null)
    {
        _grace = grace ?? _grace;
        await DisposeAsync();
    }

    /// <summary>Ends the program as when everything is stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
            return;
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var stop = _stop.Token;
        try
        {
            await RunContainerAsync(stop);
        }
        catch (ContainerStartException e)
        {
            await status.WriteAsync("Pending", ready: false, PodStatusWriter.Waiting(e.Reason, e.Message), stop);
            events.Record(pod, "kubelet", "Failed", e.Message, isWarning: true);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The Pod is gone.
        }
        catch (Exception e)
            when (e is HttpRequestException or HttpOperationException or IOException or FileNotFoundException)
        {
            Failed(log, pod.Namespace(), pod.Name(), e.Message);
        }
    }

    private async Task RunContainerAsync(CancellationToken stop)
    {
        var backOff = s_firstBackOff;
        while (true)
        {
            // 1.
            await using var process = runtime.Start(pod, place);
            events.Record(
                pod,
                "kubelet",
                "Started",
                $"Started process {process.Id} for container {pod.Spec.Containers[0].Name}"
            );
            var since = time.GetTimestamp();
            // 2.
            await ProbeWhileRunningAsync(process, stop);
            // 3.
            _last = status.Terminated(process.ExitCode);
            if (process.ExitCode != 0)
                Crashed(
                    log,
                    pod.Namespace(),
                    pod.Name(),
                    process.ExitCode,
                    string.Join(Environment.NewLine, process.Output.TakeLast(20))
                );
            if (pod.Spec.RestartPolicy is "Never" || (pod.Spec.RestartPolicy is "OnFailure" && process.ExitCode == 0))
            {
                await status.WriteAsync(
                    process.ExitCode == 0 ? "Succeeded" : "Failed",
                    ready: false,
                    _last,
                    stop,
                    _restarts
                );
                return;
            }
            if (time.GetElapsedTime(since) > s_longestBackOff)
                backOff = s_firstBackOff;
            await status.WriteAsync(
                "Running",
                ready: false,
                PodStatusWriter.Waiting(
                    "CrashLoopBackOff",
                    $"back-off {backOff.TotalSeconds} s restarting failed container"
                ),
                stop,
                _restarts,
                _last
            );
            events.Record(
                pod,
                "kubelet",
                "BackOff",
                $"Back-off restarting failed container, exit code {process.ExitCode}",
                isWarning: true
            );
            await Task.Delay(backOff, time, stop);
            backOff = backOff * 2 < s_longestBackOff ? backOff * 2 : s_longestBackOff;
            _restarts++;
        }
    }

    private async Task ProbeWhileRunningAsync(DotnetProcess process, CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var probing = ProbeAsync(ended.Token);
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
            await probing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Often until it succeeds for the first time, then once a second; three failures make the Pod not ready.</summary>
    private async Task ProbeAsync(CancellationToken stop)
    {
        var (ready, failures, state) = (false, 0, status.Running());
        await status.WriteAsync("Running", ready, state, stop, _restarts, _last);
        while (true)
        {
            var answered = probe is null || await probe(stop);
            failures = answered ? 0 : failures + 1;
            if (ready ? failures >= FailuresUntilNotReady : answered)
            {
                ready = !ready;
                await status.WriteAsync("Running", ready, state, stop, _restarts, _last);
                if (!ready)
                    events.Record(
                        pod,
                        "kubelet",
                        "Unhealthy",
                        $"Readiness probe failed {failures} times",
                        isWarning: true
                    );
            }
            if (probe is null)
                return;
            await Task.Delay(ready ? s_probePeriod : s_firstProbePeriod, time, stop);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "the program of pod {Namespace}/{Name} ended with exit code {ExitCode}:\n{Output}"
    )]
    private static partial void Crashed(ILogger log, string @namespace, string name, int exitCode, string output);

    [LoggerMessage(Level = LogLevel.Error, Message = "pod {Namespace}/{Name} is no longer looked after: {Reason}")]
    private static partial void Failed(ILogger log, string @namespace, string name, string reason);
}
