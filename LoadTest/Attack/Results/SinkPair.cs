using CiliumDebugging.LoadTest.Attack.Records;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>Passes everything to two sinks, in order.</summary>
public sealed class SinkPair(IRecordSink first, IRecordSink second) : IRecordSink
{
    public void Started(long sequence, TimeSpan intendedStart, TimeSpan start)
    {
        first.Started(sequence, intendedStart, start);
        second.Started(sequence, intendedStart, start);
    }

    public void Add(in RequestRecord record)
    {
        first.Add(record);
        second.Add(record);
    }
}
