using System.Collections.Immutable;

namespace CiliumDebugging.Statistics;

/// <summary>What became of the requests that chose one backend.</summary>
/// <param name="Successes">Requests it answered well.</param>
/// <param name="Failures">Requests known to have been sent to it that failed.</param>
/// <param name="Rate">Success rate; its interval covers every way in which requests of unknown backend may belong here,
/// all backends together at 1 − α.</param>
public sealed record BackendDelivery(string Backend, long Successes, long Failures, ShareInterval Rate);

/// <summary>Delivery at one moment.</summary>
/// <param name="Successes">Verdict on where the successes come from.</param>
/// <param name="Backends">Success rate per chosen backend.</param>
/// <param name="Overall">Success rate of all requests.</param>
/// <param name="UnattributedSuccesses">Successes whose backend is unknown.</param>
/// <param name="UnattributedFailures">Failures whose backend is unknown (a proxy's own 503 carries no pod).</param>
public sealed record Delivery(
    Verdict Successes,
    ImmutableArray<BackendDelivery> Backends,
    ShareInterval Overall,
    long UnattributedSuccesses,
    long UnattributedFailures
);

/// <summary>Evaluates delivery apart from selection: selection may be even while only one backend's requests succeed.
/// Not thread-safe.</summary>
public sealed class DeliveryTest
{
    private readonly SkewTest _successes;
    private readonly VerdictOptions _options;
    private readonly long[] _failures;
    private long _unattributedFailures;

    /// <param name="expected">The share of the successes that each backend should deliver.</param>
    /// <param name="options">Error probability (of the verdict, and again of the success rates together) and
    /// tolerance.</param>
    public DeliveryTest(ExpectedShares expected, VerdictOptions? options = null)
    {
        _options = options ?? VerdictOptions.Default;
        _successes = new SkewTest(expected, _options);
        _failures = new long[_successes.Expected.Count];
    }

    /// <summary>Counts one resolved request.</summary>
    /// <param name="backend">Position of the backend in the expected shares; null where unknown.</param>
    /// <param name="success">Whether the request was answered well.</param>
    public void Add(int? backend, bool success)
    {
        switch (backend, success)
        {
            case (null, true):
                _successes.AddUnattributed();
                break;
            case ({ } i, true):
                _successes.Add(i);
                break;
            case (null, false):
                _unattributedFailures++;
                break;
            case ({ } i, false):
                _failures[i]++;
                break;
        }
    }

    /// <summary>Delivery at this moment.</summary>
    public Delivery Evaluate(SelectionUnit unit = SelectionUnit.FreshSelection)
    {
        var counts = _successes.Counts;
        var backends = ImmutableArray.CreateBuilder<BackendDelivery>(_failures.Length);
        for (var i = 0; i < _failures.Length; i++)
        {
            var rate = Proportion.IntervalWithUnknown(
                counts.PerBackend[i],
                _failures[i],
                counts.Unattributed,
                _unattributedFailures,
                _options.ErrorProbability,
                _failures.Length
            );
            backends.Add(
                new BackendDelivery(_successes.Expected.Backends[i], counts.PerBackend[i], _failures[i], rate)
            );
        }
        var overall = Proportion.Interval(
            counts.Total,
            counts.Total + _failures.Sum() + _unattributedFailures,
            _options.ErrorProbability
        );
        return new Delivery(
            _successes.Verdict(unit),
            backends.MoveToImmutable(),
            overall,
            counts.Unattributed,
            _unattributedFailures
        );
    }
}
