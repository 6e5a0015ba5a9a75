using System.Threading.Channels;
using CiliumDebugging.Lab.Scenarios;

namespace CiliumDebugging.Lab.Running;

/// <summary>
/// Lets the operator change the cluster while a run measures, and end the run. A change is recorded as an event, ends
/// the phase and begins another: each is evaluated by what was true while it lasted. Thread-safe; one for each run.
/// </summary>
public sealed class RunController : IDisposable
{
    /// <summary>Maximum number of changes that wait for their turn.</summary>
    public const int MaxWaiting = 16;

    private readonly Channel<Change> _changes = Channel.CreateBounded<Change>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true }
    );
    private readonly CancellationTokenSource _stop = new(),
        _broken = new();
    private readonly TaskCompletionSource<string> _reason = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A requested change; the completion source has the exception when it failed.</summary>
    internal sealed record Change(ScenarioStep Step, TaskCompletionSource Done);

    /// <summary>
    /// How long it may take until <see cref="Break"/> is called after a cluster has ended; 0 where nothing calls it.
    /// </summary>
    public TimeSpan EndNotice { get; init; }

    /// <summary>Whether the run is to end now, with its report.</summary>
    public bool StopRequested => _stop.IsCancellationRequested;

    /// <summary>Ends the run: the load is drained, and the report is made of what was measured.</summary>
    public void Stop() => _stop.Cancel();

    /// <summary>
    /// Ends the run at once, because the cluster cannot be reached any more: what was complete is reported.
    /// </summary>
    /// <param name="reason">What happened, without a full stop.</param>
    public void Break(string reason)
    {
        _reason.TrySetResult(reason);
        _broken.Cancel();
    }

    /// <summary>The reason of <see cref="Break"/>; completes when it is called.</summary>
    internal Task<string> Reason => _reason.Task;

    /// <summary>Cancelled by <see cref="Break"/>.</summary>
    internal CancellationToken Broken => _broken.Token;

    /// <summary>Takes a step while the run measures.</summary>
    /// <param name="step">Any step but a phase.</param>
    /// <param name="cancellationToken">Gives up waiting for it; it may be taken all the same.</param>
    /// <exception cref="InvalidOperationException">The run is over, or too many changes wait.</exception>
    public async Task ChangeAsync(ScenarioStep step, CancellationToken cancellationToken)
    {
        if (step is PhaseStep)
            throw new ArgumentException("a phase does not change the cluster", nameof(step));
        var change = new Change(step, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!_changes.Writer.TryWrite(change))
            throw new InvalidOperationException(
                StopRequested ? "the run is ending" : $"{MaxWaiting} changes are waiting already: try again in a moment"
            );
        await change.Done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>The next change; null when none came in time or the run is to end.</summary>
    internal async Task<Change?> NextAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        if (StopRequested)
            return null;
        if (_changes.Reader.TryRead(out var change))
            return change;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        var timeout = Task.Delay(limit, time, enough.Token);
        await Task.WhenAny(timeout, _changes.Reader.WaitToReadAsync(enough.Token).AsTask());
        await enough.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return _changes.Reader.TryRead(out change) ? change : null;
    }

    /// <summary>The run is over: changes that still wait are not made.</summary>
    internal void Close()
    {
        _changes.Writer.TryComplete();
        while (_changes.Reader.TryRead(out var change))
            change.Done.TrySetException(new InvalidOperationException("the run ended before this was done"));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        _stop.Dispose();
        _broken.Dispose();
    }
}
