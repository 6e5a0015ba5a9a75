namespace CiliumDebugging.LoadTest.Attack.Records;

/// <summary>Where the records of an attack go. Calls never overlap, but may come from different threads; they are made
/// on the generator's hot path, so an implementation must not block and should not allocate. An exception ends the
/// attack and is rethrown from its completion.</summary>
public interface IRecordSink
{
    /// <summary>A request has started. Each sequence number that is started gets exactly one <see cref="Add"/> later;
    /// the oldest unresolved request is the smallest started number without a record. Requests that are not sent are
    /// never started.</summary>
    void Started(long sequence, TimeSpan intendedStart, TimeSpan start);

    /// <summary>A request has ended (or was not sent). Records come in the order of completion, not of sequence
    /// numbers.</summary>
    void Add(in RequestRecord record);
}
