using CiliumDebugging.LoadTest.Observation;
using k8s;

namespace CiliumDebugging.ClusterSetup.Observing;

/// <summary>What observing says while it goes on.</summary>
/// <param name="Text">A line.</param>
public delegate void ObservationProgress(string Text);

/// <summary>
/// Observes a Service of a cluster that is already there, without load of its own: reads the objects and the counters again and again, and judges. Only ever asks (get, list, GET).
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="options">What to observe.</param>
/// <param name="time">Time source.</param>
public sealed class Observer(Kubernetes cluster, ObserveOptions options, TimeProvider time)
{
    /// <summary>How long observing may fail before it ends.</summary>
    private const int MostFailuresInARow = 5;

    private static readonly TimeSpan s_scraping = TimeSpan.FromMinutes(3), s_lookingBack = TimeSpan.FromMinutes(10);

    /// <summary>Requests made so far, on all servers together.</summary>
    public long Requests { get; private set; }

    /// <summary>Observes until there is a decision, the time is over, or, with <see cref="ObserveOptions.Watch"/>, skew is found.</summary>
    /// <param name="progress">Told what goes on.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ObservationException">It cannot begin, or failed too often in a row.</exception>
    public async Task<ObservedResult> RunAsync(ObservationProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(progress);
        var budget = new RequestBudget(options.RequestsPerMinute, time);
        var objects = new ServiceObjects(cluster, options, budget, time);
        using var prometheus = options.Prometheus is { } address ? new PrometheusScrapes(new PrometheusApi(address, options.PrometheusToken, options.PrometheusTimeout, time), options, budget, time) : null;
        ICounterSource source = prometheus is not null ? prometheus : new DirectScrapes(cluster, options, budget, time);
        // 1. what is there
        var began = time.GetUtcNow();
        var read = await objects.ReadAsync(began, [], cancellationToken);
        var since = Since(read, began, progress);
        var limit = options.For is { } given ? began + (prometheus is null || options.Watch ? given : TimeSpan.Zero) : options.Watch ? DateTimeOffset.MaxValue : began + (prometheus is null ? s_scraping : TimeSpan.Zero);
        var observer = new ServiceObserver(read.Service, options.Verdict);
        progress($"observing {options.Namespace}/{options.Service} ({read.Service.Endpoints.Length} pods, {read.Agents.Length} agents): {source.Description}");
        // 2. the counters, again and again
        var (failures, said) = (0, "");
        while (true)
        {
            var started = time.GetTimestamp();
            try
            {
                await RoundAsync(observer, source, objects, since, cancellationToken);
                failures = 0;
            }
            catch (ObservationException e) when (++failures < MostFailuresInARow && observer.Hubble.Differences.Rounds + observer.Backends.Differences.Rounds > 0)
            {
                progress($"{e.Message} (trying again, {failures} of {MostFailuresInARow - 1})");
            }
            Requests = budget.Total;
            // 3. what it means
            var result = ObservedReport.Of(observer, source.Description, since);
            if (Said(result) is var now && now != said) progress(said = now);
            if (result.Skewed || (result.Decided && !options.Watch) || time.GetUtcNow() >= limit) return result;
            var wait = Longest(options.Interval, budget.LeastInterval(source.RequestsPerReading + ServiceObjects.RequestsPerReading)) - time.GetElapsedTime(started);
            if (wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellationToken);
        }
    }

    private static async Task RoundAsync(ServiceObserver observer, ICounterSource source, ServiceObjects objects, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var clients = observer.Hubble.Totals.Keys.Select(k => k.Client).Where(c => c.Length > 0).Distinct().ToList();
        var read = await objects.ReadAsync(since, clients, cancellationToken);
        var rounds = await source.ReadAsync(read, since, cancellationToken);
        // A client's node decides how often it was counted: look up those that are new before anything is judged.
        var unknown = rounds.SelectMany(r => r.Round.Scrapes).SelectMany(s => s.Counters?.Keys ?? []).Select(k => k.Client).Where(c => c.Length > 0).Distinct().Except(read.Service.Clients.Keys).ToList();
        if (unknown.Count > 0) read = await objects.ReadAsync(since, [.. clients, .. unknown], cancellationToken);
        foreach (var (at, round) in rounds) observer.Add(round with { At = (at - since).TotalSeconds }, read.Service);
    }

    /// <summary>A Prometheus knows the past, but the objects only say how things are now: nothing from before their last change is judged.</summary>
    private DateTimeOffset Since(ServiceObjectsRead read, DateTimeOffset began, ObservationProgress progress)
    {
        if (options.Prometheus is null) return began;
        var wanted = began - (options.Watch ? s_lookingBack : options.For ?? s_lookingBack);
        if (read.StableSince is not { } changed || changed <= wanted.UtcDateTime) return wanted;
        progress(FormattableString.Invariant($"judging from {changed:yyyy-MM-dd HH:mm:ss} UTC on: then the newest pod became ready or the newest policy was created"));
        // The change takes a moment to reach every node.
        return new DateTimeOffset(DateTime.SpecifyKind(changed, DateTimeKind.Utc)) + TimeSpan.FromSeconds(2);
    }

    private static string Said(ObservedResult result)
    {
        var phase = result.Report.Phases[^1];
        var withheld = result.Report.Quality.FirstOrDefault(q => q.Fails)?.Text;
        return withheld is not null ? $"undecided: {withheld}" : $"selection {Word(phase.Selection.Kind)}, delivery {Word(phase.Delivery.Successes.Kind)}: {result.Report.Diagnosis.Name}";
        static string Word(LoadTest.Analysis.VerdictKind kind) => kind.ToString().ToLowerInvariant();
    }

    private static TimeSpan Longest(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
