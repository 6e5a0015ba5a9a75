using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using CiliumDebugging.EmbeddedCluster.Api.Requests;

namespace CiliumDebugging.EmbeddedCluster.Kubelet;

/// <summary>The last lines that a Pod's program printed, by run: a restart of the container begins another.</summary>
internal sealed class PodOutput(TimeProvider time)
{
    /// <summary>Lines kept; older ones are forgotten.</summary>
    private const int MaxLines = 2_000;

    private readonly Lock _lock = new();
    private readonly Queue<PodLogLine> _lines = new();
    private long _added;
    private long _run;
    private long _previousRun;
    private TaskCompletionSource _changed = New();
    private bool _ended;

    public void Add(string text) =>
        Change(() =>
        {
            _lines.Enqueue(new PodLogLine(time.GetUtcNow(), text));
            _added++;
            if (_lines.Count > MaxLines)
                _lines.Dequeue();
        });

    /// <summary>
    /// Notes that the container starts, once more perhaps: what it prints from now on is another run.
    /// </summary>
    public void BeginRun()
    {
        lock (_lock)
            (_previousRun, _run) = (_run, _added);
    }

    /// <summary>Ends the reading of those who follow.</summary>
    public void End() => Change(() => _ended = true);

    /// <inheritdoc cref="IPodLogs.ReadAsync"/>
    public async IAsyncEnumerable<PodLogLine> ReadAsync(
        int? tailLines,
        bool follow,
        bool previous,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        long next;
        long end;
        lock (_lock)
        {
            var from = previous ? _previousRun : _run;
            end = previous ? _run : long.MaxValue;
            next = Math.Max(from, Math.Min(end, _added) - (tailLines ?? int.MaxValue));
        }
        while (true)
        {
            PodLogLine[] lines;
            Task changed;
            bool ended;
            lock (_lock)
            {
                var first = Math.Max(next, _added - _lines.Count);
                lines =
                [
                    .. _lines
                        .Skip((int)(first - (_added - _lines.Count)))
                        .Take((int)Math.Min(MaxLines, Math.Max(0, end - first))),
                ];
                (next, changed, ended) = (_added, _changed.Task, _ended);
            }
            foreach (var line in lines)
                yield return line;
            if (!follow || ended || previous)
                yield break;
            await changed.WaitAsync(cancellationToken);
        }
    }

    private void Change(Action change)
    {
        TaskCompletionSource signal;
        lock (_lock)
        {
            change();
            (signal, _changed) = (_changed, New());
        }
        signal.SetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>The outputs of the Pods that run here, by uid.</summary>
internal sealed class PodOutputs(Func<string, string, string?> findUid) : IPodLogs
{
    private readonly ConcurrentDictionary<string, PodOutput> _byUid = new(StringComparer.Ordinal);

    /// <summary>The output of a Pod, created on first use.</summary>
    public PodOutput Of(string uid, TimeProvider time) => _byUid.GetOrAdd(uid, _ => new PodOutput(time));

    /// <summary>Drops the output of a Pod that is deleted.</summary>
    public void Forget(string uid)
    {
        if (_byUid.TryRemove(uid, out var output))
            output.End();
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<PodLogLine> ReadAsync(
        string ns,
        string podName,
        int? tailLines,
        bool follow,
        bool previous,
        CancellationToken cancellationToken
    ) =>
        findUid(ns, podName) is { } uid && _byUid.TryGetValue(uid, out var output)
            ? output.ReadAsync(tailLines, follow, previous, cancellationToken)
            : AsyncEnumerable.Empty<PodLogLine>();
}
