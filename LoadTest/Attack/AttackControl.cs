using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Engines;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Telemetry;

namespace CiliumDebugging.LoadTest.Attack;

/// <summary>A running attack: watch it, drain it, abort it.</summary>
public sealed class AttackControl : IAsyncDisposable
{
    private readonly CancellationTokenSource _drain = new();
    private readonly CancellationTokenSource _abort;
    private readonly Recorder _recorder;

    private AttackControl(
        AttackPlan plan,
        IRecordSink sink,
        IAttackEngine engine,
        TimeProvider time,
        CancellationToken abort
    )
    {
        _abort = CancellationTokenSource.CreateLinkedTokenSource(abort);
        _recorder = new Recorder(sink, new RequestMetrics(plan), plan.Timeout, _abort.Cancel);
        Plan = plan;
        EngineName = engine.Name;
        Clock = new AttackClock(time);
        Completion = RunAsync(engine);
    }

    /// <summary>What is being done.</summary>
    public AttackPlan Plan { get; }

    /// <summary>Name of the engine that does it.</summary>
    public string EngineName { get; }

    /// <summary>The attack's clock; records are offsets on it.</summary>
    public AttackClock Clock { get; }

    /// <summary>Ends when every intended request is in its bucket: at the plan's duration plus at most its timeout, or
    /// after a stop. Faults only when the sink or the engine threw; never because of the network, and not when
    /// aborted.</summary>
    public Task<AttackAccounting> Completion { get; }

    /// <summary>The counts so far; a copy.</summary>
    public AttackAccounting Accounting => _recorder.Snapshot();

    /// <summary>Starts an attack.</summary>
    /// <param name="plan">What to do.</param>
    /// <param name="sink">Gets starts and records, one call at a time.</param>
    /// <param name="engine">Null takes the best one for the plan on this platform, see
    /// <see cref="AttackEngines.For"/>.</param>
    /// <param name="time">Null is the system's clock.</param>
    /// <param name="abort">Stops at once: requests in flight end as canceled, and the accounting is exact all the
    /// same.</param>
    /// <exception cref="ArgumentException">The plan has problems; the message lists them.</exception>
    public static AttackControl Start(
        AttackPlan plan,
        IRecordSink sink,
        IAttackEngine? engine = null,
        TimeProvider? time = null,
        CancellationToken abort = default
    )
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(sink);
        if (plan.Problems() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join("; ", problems), nameof(plan));
        return new AttackControl(plan, sink, engine ?? AttackEngines.For(plan), time ?? TimeProvider.System, abort);
    }

    /// <summary>Drains: no further request is intended from now on, and the ones in flight end by themselves, at the
    /// latest by the plan's timeout. May be called again, and after the end.</summary>
    /// <returns>The final accounting; faults as <see cref="Completion"/> does.</returns>
    public async Task<AttackAccounting> StopAsync()
    {
        if (!Completion.IsCompleted)
            await _drain.CancelAsync();
        return await Completion;
    }

    /// <summary>Aborts the attack if it still runs and waits for its end; does not throw what <see cref="Completion"/>
    /// would.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!Completion.IsCompleted)
            await _abort.CancelAsync();
        await ((Task)Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _abort.Dispose();
        _drain.Dispose();
    }

    private async Task<AttackAccounting> RunAsync(IAttackEngine engine)
    {
        await engine.RunAsync(new AttackContext(Plan, Clock, _recorder, _drain.Token, _abort.Token));
        return _recorder.Failure is { } failure
            ? throw new InvalidOperationException($"The attack ended early: {failure.Message}", failure)
            : _recorder.Snapshot();
    }
}
