using CiliumDebugging.Measurement.Observation;
using k8s;

namespace CiliumDebugging.Lab.Observing;

/// <summary>What one reading found.</summary>
/// <param name="Objects">The objects.</param>
/// <param name="ReadAt">When the objects had been read: samples of a Prometheus are older.</param>
/// <param name="Scrapes">The counters since the last reading, in order; several from a Prometheus.</param>
internal sealed record ObservedRound(
    ServiceObjectsRead Objects,
    DateTimeOffset ReadAt,
    IReadOnlyList<(DateTimeOffset At, ScrapeRound Round)> Scrapes
);

/// <summary>
/// Reads the objects and the counters of a Service periodically, with <c>get</c> and <c>list</c> only and within the
/// budget of requests: the common part of <see cref="ObservationRun"/> and <see cref="ServiceWatch"/>.
/// </summary>
internal sealed class ObservationRounds : IDisposable
{
    private readonly ObserveOptions _options;
    private readonly TimeProvider _time;
    private readonly RequestBudget _budget;
    private readonly ServiceObjects _objects;
    private readonly ICounterSource _source;

    /// <param name="cluster">The cluster.</param>
    /// <param name="options">What to read, and how often.</param>
    /// <param name="time">Time source.</param>
    public ObservationRounds(Kubernetes cluster, ObserveOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _budget = new RequestBudget(options.RequestsPerMinute, time);
        _objects = new ServiceObjects(cluster, options, _budget, time);
        _source = options.Prometheus is { } server
            ? new PrometheusScrapes(server, options, _budget, time)
            : new DirectScrapes(cluster, options, _budget, time);
    }

    /// <summary>Where the counters come from, in one line.</summary>
    public string Source => _source.Description;

    /// <summary>Requests made so far, to all servers together.</summary>
    public long Requests => _budget.Total;

    /// <summary>Reads the objects only.</summary>
    /// <exception cref="ObservationException">They cannot be read.</exception>
    public Task<ServiceObjectsRead> LookAsync(DateTimeOffset since, CancellationToken cancellationToken) =>
        _objects.ReadAsync(since, [], cancellationToken);

    /// <summary>Reads until the callback has enough.</summary>
    /// <param name="since">When observing began: nothing before it is read.</param>
    /// <param name="clients">The clients that matter now, as Hubble names them.</param>
    /// <param name="onRound">
    /// Gets each reading, or the reason why there is none. Returns the shortest wait before the next one; null: no
    /// more.
    /// </param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(
        DateTimeOffset since,
        Func<IReadOnlyCollection<string>> clients,
        Func<ObservedRound?, ObservationException?, TimeSpan?> onRound,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            var started = _time.GetTimestamp();
            ObservedRound? round = null;
            ObservationException? problem = null;
            try
            {
                round = await ReadAsync(since, clients(), cancellationToken);
            }
            catch (ObservationException e)
            {
                problem = e;
            }
            if (onRound(round, problem) is not { } min)
                return;
            var requests = _source.RequestsPerReading + ServiceObjects.RequestsPerReading;
            TimeSpan[] intervals = [min, _options.Interval, _budget.MinInterval(requests)];
            var wait = intervals.Max() - _time.GetElapsedTime(started);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, _time, cancellationToken);
        }
    }

    private async Task<ObservedRound> ReadAsync(
        DateTimeOffset since,
        IReadOnlyCollection<string> clients,
        CancellationToken cancellationToken
    )
    {
        var read = await _objects.ReadAsync(since, clients, cancellationToken);
        var readAt = _time.GetUtcNow();
        var rounds = await _source.ReadAsync(read, since, cancellationToken);
        // A client's node determines how often it was counted: look up new clients before anything is evaluated.
        var unknown = rounds
            .SelectMany(r => r.Round.Scrapes)
            .SelectMany(s => s.Counters?.Keys ?? [])
            .Select(k => k.Client)
            .Where(c => c.Length > 0 && !_objects.Knows(c))
            .Distinct(StringComparer.Ordinal)
            .ToList();
        if (unknown.Count > 0)
            read = await _objects.ReadAsync(since, [.. clients, .. unknown], cancellationToken);
        return new ObservedRound(read, readAt, rounds);
    }

    /// <inheritdoc/>
    public void Dispose() => (_source as IDisposable)?.Dispose();
}
