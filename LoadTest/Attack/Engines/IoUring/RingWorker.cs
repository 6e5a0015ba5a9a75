using System.Runtime.InteropServices;
using CiliumDebugging.LoadTest.Attack.Engines.Loops;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines.IoUring;

/// <summary>The event loop on io_uring.</summary>
/// <remarks>A connection is a chain of linked operations of which only the one that ends it is reported: the receive,
/// or the first that fails. So every slot with a chain waits for one completion, and may be used again once that has
/// come.
/// <para>Where requests follow each other within <see cref="s_longestLook"/>, answers are looked at with the next start
/// and have the times that the kernel gave them, because to wake an idle processor costs as much as a request
/// (bench/attack). A handshake that is under way must go on at once, so its end is then reported too.</para>
///</remarks>
internal sealed unsafe partial class RingWorker : EventLoop<RingConnection>
{
    private const uint Entries = 512;
    private const int ReceiveBytes = 4096,
        AddressBytes = 32;

    /// <summary>Time between wake-ups up to which answers are looked at with the next one.</summary>
    private static readonly TimeSpan s_longestLook = TimeSpan.FromMilliseconds(2);

    // After an answer without a time of its own.
    private static readonly TimeSpan s_waitsForEach = TimeSpan.FromMilliseconds(100);

    private const ulong WakeKey = ulong.MaxValue;

    private readonly Ring _ring;
    private readonly List<RingConnection> _connections = [];
    private readonly Stack<RingConnection> _free = new();
    private readonly int _slots;
    private readonly int _wake;

    // One buffer, one source address for each slot; the kernel writes and reads them while an operation is under way.
    // Untouched pages cost nothing.
    private readonly byte* _buffers;
    private readonly byte* _sources;
    private readonly int* _one;

    // Null where each answer is waited for.
    private readonly ArrivalTimes? _arrivals;
    private int _busy;
    private int _handshakes;

    // Of these, those submitted since the last wait.
    private uint _newHandshakes;
    private bool _hasMore;
    private TimeSpan _waitsForEachUntil;

    public RingWorker(AttackContext context, SharedPorts ports, int worker, int workers)
        : base(context, ports, worker, workers)
    {
        // A table of descriptors may have as many entries as the process may open files.
        _slots = Math.Min(Capacity, Libc.OpenFilesMax());
        _ring = new Ring(Entries, (uint)_slots);
        _wake = Libc.EventFd(0, Libc.EventFdFlags);
        _buffers = (byte*)NativeMemory.Alloc((nuint)_slots * ReceiveBytes);
        _sources = (byte*)NativeMemory.Alloc((nuint)_slots * AddressBytes);
        _one = (int*)NativeMemory.Alloc(sizeof(int));
        *_one = 1;
        if (
            ArrivalTimes.IsSupported
            && Plan.PacerOf(workers) is { IsUnlimited: false } pacer
            && pacer.BurstInterval <= s_longestLook
        )
            _arrivals = new ArrivalTimes(_slots, Context.Clock);
        WatchWake();
    }

    protected override int Busy => _busy;

    public override void Dispose()
    {
        // After a failure operations may be under way that use the buffers.
        foreach (var connection in _connections.Where(connection => !connection.HasEnded))
        {
            connection.GivenUp ??= Outcome.Canceled;
            Cancel(connection);
        }
        while (_busy > 0)
            HandleEvents(Forever);
        _ring.Dispose();
        _arrivals?.Dispose();
        _ = Libc.Close(_wake);
        NativeMemory.Free(_buffers);
        NativeMemory.Free(_sources);
        NativeMemory.Free(_one);
        base.Dispose();
    }

    protected override void Wake() => Libc.Signal(_wake);

    protected override void Start(long sequence, TimeSpan intendedStart, TimeSpan now)
    {
        Context.Recorder.Started(sequence, intendedStart, now);
        if (!_free.TryPop(out var connection))
        {
            if (_connections.Count == _slots)
            {
                Context.Recorder.Add(
                    RequestRecord.Unsent(sequence, intendedStart, now, Outcome.ConnectError) with
                    {
                        Errno = Errno.Emfile,
                    }
                );
                return;
            }
            connection = new RingConnection(
                _connections.Count,
                new ResponseParser(Plan.Responder, Context.Names, Plan.Limits)
            );
            _connections.Add(connection);
        }
        connection.Begin(Context, sequence, intendedStart, now);
        (connection.GivenUp, connection.HasEnded, connection.Draws, connection.Number, connection.SourcePort) = (
            null,
            false,
            0,
            -1,
            0
        );
        _busy++;
        InFlight.Add(connection);
        Connect(connection);
    }

    protected override void GiveUp(RingConnection oldest, bool aborted)
    {
        InFlight.Remove(oldest);
        oldest.GivenUp = aborted ? Outcome.Canceled : Outcome.NoAnswer;
        Cancel(oldest);
    }

    protected override void HandleEvents(TimeSpan wait)
    {
        // What was submitted may be done at once (a handshake over loopback is), and how long to wait for depends on
        // it.
        if (_newHandshakes > 0 || _hasMore)
            _ring.SubmitAndWait(TimeSpan.Zero, _newHandshakes);
        else
            _ring.SubmitAndWait(
                wait,
                wait == TimeSpan.Zero ? 0
                    : LooksLater(wait) ? _ring.Completions
                    : 1
            );
        (_newHandshakes, _hasMore) = (0, false);
        _arrivals?.Relate(Context.Clock);
        // Not those that come meanwhile: to submit cancellations completes them at once, while what they cancel
        // completes only in the next wait.
        for (var left = _ring.Ready; left > 0 && _ring.TryTake(out var key, out var result); left--)
        {
            if (key == WakeKey)
            {
                Libc.Drain(_wake);
                WatchWake();
                continue;
            }
            var connection = _connections[(int)(uint)key];
            var operation = (RingOperation)(byte)(key >> 32);
            if (operation is RingOperation.AsyncCancel)
                OnCancelled(connection, result);
            else if (operation is not RingOperation.Close && (key >> 40) == connection.Generation)
                OnEnd(connection, operation, result);
        }
    }

    private bool LooksLater(TimeSpan wait) =>
        _arrivals is not null
        && _handshakes == 0
        && wait <= s_longestLook
        && Context.Clock.Elapsed >= _waitsForEachUntil;

    // The cancellation may have come between two operations of the chain; then it is repeated.
    private void OnCancelled(RingConnection connection, int result)
    {
        connection.IsCancelling = false;
        if (connection.HasEnded)
            Free(connection);
        else if (result <= 0)
            Cancel(connection);
    }

    private void Finish(RingConnection connection, Outcome outcome, int errno) =>
        Finish(connection, Context.Clock.Elapsed, outcome, errno);

    private void Finish(RingConnection connection, TimeSpan end, Outcome outcome, int errno)
    {
        if (connection.GivenUp is null)
            InFlight.Remove(connection);
        connection.End(Context, end, outcome, errno);
        connection.HasEnded = true;
        Renew(connection);
        Close(connection);
        if (!connection.IsCancelling)
            Free(connection);
    }

    // Completions of what was submitted until now are no longer the slot's.
    private static void Renew(RingConnection connection) =>
        connection.Generation = (connection.Generation + 1) & 0xFFFFFF;

    private void Free(RingConnection connection)
    {
        _busy--;
        _free.Push(connection);
    }
}
