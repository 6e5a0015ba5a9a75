using System.Diagnostics.CodeAnalysis;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Running;

/// <summary>
/// Puts records, which arrive in the order of completion, into the order of their starts. A record is released when
/// every earlier request has its outcome and the expected shares are confirmed up to its start. Not thread-safe.
/// </summary>
internal sealed class RecordOrder
{
    /// <summary>
    /// Maximum number of records that wait for <see cref="Confirm"/>; beyond it the oldest are released.
    /// </summary>
    private const int MaxHeld = 200_000;

    private readonly ResolvedPrefix<RecordLine> _prefix = new();
    private readonly Queue<RecordLine> _held = new();
    private long _begun;

    /// <summary>The expected shares are known up to this moment, s since the attack's epoch.</summary>
    public double Confirmed { get; private set; }

    /// <summary>Every request that started before this moment, s since the attack's epoch, has its outcome.</summary>
    public double Settled { get; private set; }

    /// <param name="at">s since the attack's epoch; an earlier moment than the last one has no effect.</param>
    public void Confirm(double at) => Confirmed = Math.Max(Confirmed, at);

    public void Add(RecordLine record)
    {
        for (; _begun <= record.Seq; _begun++)
            _prefix.Begin();
        _prefix.Resolve(record.Seq, record);
        Hold();
    }

    /// <summary>No further record comes: everything is released.</summary>
    public void Complete()
    {
        _prefix.Complete();
        Hold();
        Confirmed = double.PositiveInfinity;
    }

    private void Hold()
    {
        while (_prefix.TryRelease(out var item))
        {
            if (item is not { IsResolved: true, Outcome: { } resolved })
                continue;
            Settled = Math.Max(Settled, resolved.Start);
            _held.Enqueue(resolved);
        }
    }

    /// <summary>Takes the next record in the order of starts; false while it has to wait.</summary>
    public bool TryRelease([NotNullWhen(true)] out RecordLine? record)
    {
        record = null;
        return _held.TryPeek(out var next)
            && (next.Start < Confirmed || _held.Count > MaxHeld)
            && _held.TryDequeue(out record);
    }
}
