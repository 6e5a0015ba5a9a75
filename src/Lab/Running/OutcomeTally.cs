using System.Collections.Immutable;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.Lab.Running;

/// <summary>Counts requests by how they ended. Not thread-safe.</summary>
internal sealed class OutcomeTally
{
    private readonly SortedDictionary<int, long> _byStatus = [];
    private readonly SortedDictionary<string, long> _unanswered = new(StringComparer.Ordinal);

    /// <summary>Requests with an outcome.</summary>
    public long Requests { get; private set; }

    /// <summary>Successes (<see cref="ResponseStatus.IsSuccess"/>).</summary>
    public long Ok { get; private set; }

    /// <summary>Requests that were due and not sent, because too many were under way. They are not requests.</summary>
    public long NotSent { get; private set; }

    public ImmutableSortedDictionary<int, long> ByStatus => _byStatus.ToImmutableSortedDictionary();

    /// <summary>Requests without an answer, by kind.</summary>
    public ImmutableSortedDictionary<string, long> Unanswered =>
        _unanswered.ToImmutableSortedDictionary(StringComparer.Ordinal);

    public RequestTotals Totals => new(Requests, NotSent, Ok);

    /// <returns>Whether it was sent.</returns>
    public bool Add(RecordLine record)
    {
        if (record.Outcome.IsNotSent())
        {
            NotSent++;
            return false;
        }
        Requests++;
        if (IsOk(record))
            Ok++;
        if (record.Outcome is Outcome.Response)
            Add(_byStatus, record.Status, 1);
        else
            Add(_unanswered, record.Outcome.IsDropped() ? "dropped" : record.Outcome.ToString(), 1);
        return true;
    }

    public void Add(OutcomeTally other)
    {
        (Requests, Ok, NotSent) = (Requests + other.Requests, Ok + other.Ok, NotSent + other.NotSent);
        foreach (var (status, count) in other._byStatus)
            Add(_byStatus, status, count);
        foreach (var (kind, count) in other._unanswered)
            Add(_unanswered, kind, count);
    }

    /// <summary>Whether it is a complete success: one that is cut off has a status, too.</summary>
    public static bool IsOk(RecordLine record) =>
        record.Outcome is Outcome.Response && ResponseStatus.IsSuccess(record.Status);

    private static void Add<T>(SortedDictionary<T, long> counts, T key, long count)
        where T : notnull => counts[key] = counts.GetValueOrDefault(key) + count;
}
