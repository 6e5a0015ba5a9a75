using System.Net;
using System.Net.Sockets;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Plan;

namespace CiliumDebugging.LoadTest.Attack.Engines.Loops;

/// <summary>An event loop: starts what is due, handles what has happened, gives up what is late. All state belongs to
/// its thread.</summary>
internal abstract class EventLoop<TExchange> : IEventLoop
    where TExchange : Exchange
{
    // A burst of overdue starts is interrupted, or answers would wait and look slow.
    private const int MaxStartsPerTurn = AttackPlan.MaxBurst;

    protected static readonly TimeSpan Forever = TimeSpan.FromSeconds(60);

    private readonly Schedule _schedule;

    protected EventLoop(AttackContext context, SharedPorts ports, int worker, int workers)
    {
        Context = context;
        Ports = ports;
        _schedule = new Schedule(context, worker, workers);
        Capacity = (context.Capacity + workers - 1 - worker) / workers;
        Addresses = [.. Plan.Targets.Select(target => new SockAddr(target.EndPoint))];
        if (ports.IsKernel)
            return;
        var any =
            Plan.Targets[0].EndPoint.AddressFamily is AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        Source = new SockAddr(new IPEndPoint(Plan.SourceAddress ?? any, 0));
    }

    protected AttackContext Context { get; }

    protected AttackPlan Plan => Context.Plan;

    protected SharedPorts Ports { get; }

    protected InFlightList<TExchange> InFlight { get; } = new();

    /// <summary>Requests in flight at most.</summary>
    protected int Capacity { get; }

    /// <summary>Addresses of the targets.</summary>
    protected SockAddr[] Addresses { get; }

    /// <summary>Address to bind to, its port to be set; null when the kernel chooses.</summary>
    protected SockAddr? Source { get; }

    /// <summary>Exchanges that hold a slot.</summary>
    protected abstract int Busy { get; }

    /// <summary>Runs until every request of this worker has its record.</summary>
    public void Run()
    {
        PunctualThread.Prepare();
        using var drain = Context.Drain.Register(Wake);
        using var abort = Context.Abort.Register(Wake);
        var starts = 0;
        while (true)
        {
            var now = Context.Clock.Elapsed;
            GiveUp(now);
            var turn = _schedule.Next(now, Busy < Capacity, out var sequence, out var intendedStart, out var wait);
            if (turn is Turn.Start)
            {
                Start(sequence, intendedStart, now);
                if (++starts < MaxStartsPerTurn)
                    continue;
            }
            else if (turn is Turn.Done)
            {
                if (Busy == 0)
                    return;
                wait = Forever;
            }
            starts = 0;
            if (InFlight.Oldest is { } oldest && oldest.Start + Plan.Timeout - now < wait)
                wait = oldest.Start + Plan.Timeout - now;
            HandleEvents(
                wait > TimeSpan.Zero
                    ? wait < Forever
                        ? wait
                        : Forever
                    : TimeSpan.Zero
            );
        }
    }

    public virtual void Dispose()
    {
        foreach (var address in Addresses)
            address.Dispose();
        Source?.Dispose();
    }

    /// <summary>Ends a wait; from any thread.</summary>
    protected abstract void Wake();

    /// <summary>Starts a request; a slot is free.</summary>
    protected abstract void Start(long sequence, TimeSpan intendedStart, TimeSpan now);

    /// <summary>Waits for events, at most for this long, and handles them.</summary>
    protected abstract void HandleEvents(TimeSpan wait);

    /// <summary>Gives up the oldest request in flight, because of its timeout or of an abort; it is no longer in flight
    /// then.</summary>
    protected abstract void GiveUp(TExchange oldest, bool aborted);

    private void GiveUp(TimeSpan now)
    {
        var aborted = Context.Abort.IsCancellationRequested;
        while (InFlight.Oldest is { } oldest && (aborted || now - oldest.Start >= Plan.Timeout))
            GiveUp(oldest, aborted);
    }
}
