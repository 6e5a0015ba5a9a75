using System.Collections.Concurrent;
using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>Keeps every start and record of a test's attack.</summary>
internal sealed class RecordingSink : IRecordSink
{
    private int _inside;

    public ConcurrentQueue<RequestRecord> Records { get; } = new();

    public ConcurrentDictionary<long, int> Starts { get; } = new();

    public bool Overlapped { get; private set; }

    public void Started(long sequence, TimeSpan intendedStart, TimeSpan start)
    {
        Enter();
        Starts.AddOrUpdate(sequence, 1, (_, count) => count + 1);
        Interlocked.Decrement(ref _inside);
    }

    public void Add(in RequestRecord record)
    {
        Enter();
        Records.Enqueue(record);
        Interlocked.Decrement(ref _inside);
    }

    private void Enter() => Overlapped |= Interlocked.Increment(ref _inside) != 1;

    /// <summary>Every sequence number from 0 has one record, and one start unless it was not sent.</summary>
    public void ShouldBeExact(AttackAccounting accounting)
    {
        accounting.Discrepancies().ShouldBeEmpty();
        accounting.InFlight.ShouldBe(0);
        Overlapped.ShouldBeFalse();
        Records
            .Select(record => record.Sequence)
            .Order()
            .ShouldBe(Enumerable.Range(0, (int)accounting.Intended).Select(n => (long)n));
        Starts.Values.ShouldAllBe(count => count == 1);
        Starts
            .Keys.Order()
            .ShouldBe(Records.Where(record => !record.Outcome.IsNotSent()).Select(record => record.Sequence).Order());
        foreach (var record in Records)
        {
            record.Start.ShouldBeGreaterThanOrEqualTo(record.IntendedStart);
            record.End.ShouldBeGreaterThanOrEqualTo(record.Start);
        }
    }
}
