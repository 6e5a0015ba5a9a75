using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>The results of an attack as data, for <c>--format json</c>. Times are ms.</summary>
/// <param name="Intended">Requests that were due.</param>
/// <param name="Started">Requests that were sent.</param>
/// <param name="NotSent">Requests that were due and not sent.</param>
/// <param name="Succeeded">Answers that succeeded (<see cref="ResponseStatus.IsSuccess"/>).</param>
/// <param name="RatePerSecond">Requests sent per second.</param>
/// <param name="Bytes">Bytes received.</param>
/// <param name="Latency">From the moment a request was due to its end.</param>
/// <param name="ServiceTime">From its start to its end.</param>
/// <param name="LateBy">From the moment it was due to its start.</param>
/// <param name="ByStatus">Answers by HTTP status.</param>
/// <param name="Errors">Requests without an answer, by kind.</param>
/// <param name="Pods">Who answered.</param>
/// <param name="Skew">The verdict on the Pods' successes, if equal shares are expected; null with fewer than
/// two.</param>
public sealed record AttackSummary(
    long Intended,
    long Started,
    long NotSent,
    long Succeeded,
    double RatePerSecond,
    long Bytes,
    AttackSummary.Times Latency,
    AttackSummary.Times ServiceTime,
    AttackSummary.Times LateBy,
    SortedDictionary<int, long> ByStatus,
    SortedDictionary<string, long> Errors,
    IReadOnlyList<AttackSummary.Pod> Pods,
    string? Skew
)
{
    /// <summary>A distribution of times, ms.</summary>
    public sealed record Times(
        long Count,
        double Min,
        double Mean,
        double P50,
        double P95,
        double P99,
        double P999,
        double Max
    );

    /// <summary>Answers of a Pod.</summary>
    /// <param name="Name">What the answers call it.</param>
    /// <param name="Share">Part of all answers, 0 to 1.</param>
    /// <param name="ByStatus">Its answers by HTTP status.</param>
    /// <param name="Latency">From the moment a request was due to its answer.</param>
    public sealed record Pod(string Name, double Share, SortedDictionary<int, long> ByStatus, Times Latency);

    /// <summary>Summarises results.</summary>
    public static AttackSummary Of(AttackResults results)
    {
        ArgumentNullException.ThrowIfNull(results);
        var accounting = results.Accounting;
        var pods = results
            .ByResponder.OrderBy(p => p.Key, StringComparer.Ordinal)
            .Select(p => new Pod(
                p.Key,
                (double)p.Value.Count / Math.Max(1, accounting.Responses),
                Sorted(results.Counts.Where(c => c.Key.Pod == p.Key).Select(c => (c.Key.Status, c.Value))),
                TimesOf(p.Value)
            ));
        return new(
            accounting.Intended,
            accounting.Started,
            accounting.NotSent,
            results.Succeeded,
            results.AchievedRate,
            results.Bytes,
            TimesOf(results.Latency),
            TimesOf(results.ServiceTime),
            TimesOf(results.Blocked),
            Sorted(accounting.ResponsesByStatus),
            Sorted(accounting.ErrorsByKind.Select(e => (AttackAccounting.Describe(e.Outcome, e.Errno), e.Count))),
            [.. pods],
            AttackSkew.Describe(results)
        );
    }

    private static SortedDictionary<TKey, long> Sorted<TKey>(IEnumerable<(TKey Key, long Count)> counts)
        where TKey : notnull
    {
        var sorted = new SortedDictionary<TKey, long>();
        foreach (var (key, count) in counts)
            sorted[key] = sorted.GetValueOrDefault(key) + count;
        return sorted;
    }

    private static Times TimesOf(Latencies latencies)
    {
        double Quantile(double q) => latencies.Quantile(q).TotalMilliseconds;
        return new(
            latencies.Count,
            Quantile(0),
            latencies.Mean.TotalMilliseconds,
            Quantile(0.5),
            Quantile(0.95),
            Quantile(0.99),
            Quantile(0.999),
            latencies.Max.TotalMilliseconds
        );
    }
}
