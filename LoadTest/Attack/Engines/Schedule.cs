using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines;

/// <summary>What an engine has to do now.</summary>
public enum Turn
{
    /// <summary>Start the given request.</summary>
    Start,

    /// <summary>Nothing is due, or nothing can start: wait for the given time or for a request to end.</summary>
    Wait,

    /// <summary>No further request is intended.</summary>
    Done,
}

/// <summary>Hands out the requests of one worker in the order of their intended start and buckets the ones that cannot
/// be sent. Worker w of W takes the sequence numbers w, w + W, …</summary>
/// <remarks>The backlog of a generator that cannot keep up is a position in the schedule, not a queue: it needs no
/// memory. With fresh connections a request due while the in-flight limit is reached is not sent; with kept-alive ones
/// it waits for a free connection (unless they carry many requests each, as with HTTP/2), as long as no more than the
/// in-flight limit wait. A request overdue by the plan's
/// timeout, or by its <see cref="AttackPlan.Grace"/> after the attack's end, is given up.</remarks>
public sealed class Schedule(AttackContext context, int worker, int workers)
{
    private readonly AttackPlan _plan = context.Plan;
    private readonly bool _waitsForConnection = context.Plan.WaitsForConnection;
    private Pacer _pacer = context.Plan.PacerOf(workers);
    private bool _draining;
    private long _next = worker;

    /// <summary>What to do at <paramref name="now"/>. Call it again after each start and each wait until it is
    /// done.</summary>
    /// <param name="now">Time since the epoch.</param>
    /// <param name="slotFree">Whether a request could be started.</param>
    /// <param name="sequence">The request to start.</param>
    /// <param name="intendedStart">When it was due.</param>
    /// <param name="wait">Time until the next request is due or the attack ends, for <see cref="Turn.Wait"/>.</param>
    public Turn Next(TimeSpan now, bool slotFree, out long sequence, out TimeSpan intendedStart, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        while (true)
        {
            sequence = _next;
            if (!_draining && context.Drain.IsCancellationRequested)
                EndAt(now);
            var pace = _pacer.Next(now, sequence);
            intendedStart = pace.IntendedStart;
            if (pace.Stop)
                return Turn.Done;
            if (pace.Wait > TimeSpan.Zero)
            {
                if (context.Abort.IsCancellationRequested)
                    return Turn.Done;
                wait = pace.Wait;
                return Turn.Wait;
            }
            if (_pacer.IsUnlimited && context.Abort.IsCancellationRequested)
                return Turn.Done;
            if (IsGivenUp(now, intendedStart))
            {
                Skip(sequence, intendedStart, now, Outcome.Overdue);
            }
            else if (slotFree)
            {
                context.Recorder.Intended();
                _next += workers;
                return Turn.Start;
            }
            else if (Waits(now, sequence))
            {
                wait = UntilEnd(now);
                return Turn.Wait;
            }
            else
            {
                Skip(sequence, intendedStart, now, Outcome.NotSent);
            }
        }
    }

    private void EndAt(TimeSpan now)
    {
        _draining = true;
        if (_pacer.Duration is null || _pacer.Duration > now)
            _pacer = _pacer with { Duration = now };
    }

    private bool IsGivenUp(TimeSpan now, TimeSpan intendedStart) =>
        context.Abort.IsCancellationRequested
        || now - intendedStart > _plan.Timeout
        || (_pacer.Duration is { } end && now > end + _plan.Grace);

    private bool Waits(TimeSpan now, long sequence) =>
        _pacer.IsUnlimited
        || (_waitsForConnection && (_pacer.DueBefore(now) - sequence) / workers <= _plan.MaxInFlight);

    private TimeSpan UntilEnd(TimeSpan now)
    {
        var end = _pacer.Duration is { } duration
            ? duration + (_pacer.IsUnlimited ? TimeSpan.Zero : _plan.Grace) - now
            : TimeSpan.FromSeconds(1);
        return end < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : end;
    }

    private void Skip(long sequence, TimeSpan intendedStart, TimeSpan now, Outcome outcome)
    {
        context.Recorder.Intended();
        context.Recorder.Add(RequestRecord.Unsent(sequence, intendedStart, now, outcome));
        _next += workers;
    }
}
