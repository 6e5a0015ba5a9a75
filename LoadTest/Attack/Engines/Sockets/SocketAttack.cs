using System.Collections.Concurrent;

namespace CiliumDebugging.LoadTest.Attack.Engines.Sockets;

/// <summary>One attack of an engine on System.Net: the pacing loop and its slots.</summary>
internal sealed class SocketAttack : IDisposable
{
    // The resolution of the platform's timers; shorter waits are rounded to one tick or none.
    private static readonly TimeSpan s_timerTick = TimeSpan.FromMilliseconds(1);

    private readonly AttackContext _context;
    private readonly Schedule _schedule;
    private readonly SharedPorts _ports;
    private readonly SemaphoreSlim _slots;

    // First in, first out: kept-alive connections are used in turn.
    private readonly ConcurrentQueue<IExchange> _idle = new();
    private readonly CancellationTokenSource _stop;
    private readonly TaskCompletionSource _allEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The pacing loop itself holds one, so the count reaches zero only once it has ended as well.
    private int _running = 1;

    private readonly Func<AttackContext, SharedPorts, IExchange> _create;

    public SocketAttack(AttackContext context, Func<AttackContext, SharedPorts, IExchange> create)
    {
        _context = context;
        _create = create;
        _schedule = new Schedule(context, worker: 0, workers: 1);
        _ports = new SharedPorts(context.CreatePorts());
        _slots = new SemaphoreSlim(context.Capacity);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(context.Drain, context.Abort);
    }

    public async Task RunAsync()
    {
        using (this)
        {
            await Task.Factory.StartNew(
                Pace,
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default
            );
            Leave();
            await _allEnded.Task;
            while (_idle.TryDequeue(out var connection))
                connection.Dispose();
        }
    }

    public void Dispose()
    {
        _slots.Dispose();
        _stop.Dispose();
    }

    private void Pace()
    {
        var holdsSlot = false;
        try
        {
            while (true)
            {
                holdsSlot = holdsSlot || _slots.Wait(0, CancellationToken.None);
                switch (
                    _schedule.Next(
                        _context.Clock.Elapsed,
                        holdsSlot,
                        out var sequence,
                        out var intendedStart,
                        out var wait
                    )
                )
                {
                    case Turn.Done:
                        return;
                    case Turn.Wait when holdsSlot:
                        WaitUntilDue(wait);
                        break;
                    case Turn.Wait:
                        holdsSlot = WaitForSlot(wait);
                        break;
                    case Turn.Start:
                        holdsSlot = false;
                        Interlocked.Increment(ref _running);
                        _ = ExchangeAsync(sequence, intendedStart);
                        break;
                }
            }
        }
        catch (Exception e)
        {
            _context.Recorder.Fail(e);
        }
    }

    private void WaitUntilDue(TimeSpan wait)
    {
        var rounded = TimeSpan.FromMilliseconds(Math.Round(wait / s_timerTick));
        if (rounded > TimeSpan.Zero && !_stop.IsCancellationRequested)
            _stop.Token.WaitHandle.WaitOne(rounded < MaxWait ? rounded : MaxWait);
        else
            Thread.Yield();
    }

    private bool WaitForSlot(TimeSpan wait)
    {
        try
        {
            // During a drain the schedule itself bounds the wait; an abort ends it.
            return _slots.Wait(wait < MaxWait ? wait : MaxWait, _context.Abort);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static TimeSpan MaxWait => TimeSpan.FromSeconds(1);

    private async Task ExchangeAsync(long sequence, TimeSpan intendedStart)
    {
        try
        {
            if (!_idle.TryDequeue(out var connection))
                connection = _create(_context, _ports);
            var start = _context.Clock.Elapsed;
            _context.Recorder.Started(sequence, intendedStart, start);
            _context.Recorder.Add(await connection.ExchangeAsync(sequence, intendedStart, start));
            _idle.Enqueue(connection);
        }
        catch (Exception e)
        {
            _context.Recorder.Fail(e);
        }
        finally
        {
            _slots.Release();
            Leave();
        }
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _running) == 0)
            _allEnded.SetResult();
    }
}
