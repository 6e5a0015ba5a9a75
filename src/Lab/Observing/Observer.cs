using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using k8s;

namespace CiliumDebugging.Lab.Observing;

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
    private const int MaxFailuresInARow = 5;

    private static readonly TimeSpan s_scraping = TimeSpan.FromMinutes(3),
        s_lookingBack = TimeSpan.FromMinutes(10);

    /// <summary>Requests made so far, on all servers together.</summary>
    public long Requests { get; private set; }

    /// <summary>Observes until there is a decision, the time is over, or, with <see cref="ObserveOptions.Watch"/>, skew is found.</summary>
    /// <param name="progress">Told what goes on.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ObservationException">It cannot begin, or failed too often in a row.</exception>
    public async Task<ObservedResult> RunAsync(ObservationProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(progress);
        using var rounds = new ObservationRounds(cluster, options, time);
        // 1. what is there
        var began = time.GetUtcNow();
        var read = await rounds.LookAsync(began, cancellationToken);
        var since = Since(read, began, progress);
        var end = End(began);
        var observer = new ServiceObserver(read.Service, options.Verdict);
        var there = FormattableString.Invariant($"{read.Service.Endpoints.Length} pods, {read.Agents.Length} agents");
        progress($"observing {options.Namespace}/{options.Service} ({there}): {rounds.Source}");
        // 2. the counters, again and again
        ObservedResult? result = null;
        var (failures, said) = (0, "");
        await rounds.RunAsync(since, Clients, OnRound, cancellationToken);
        return result!;

        List<string> Clients() =>
            [.. observer.Hubble.Totals.Keys.Select(k => k.Client).Where(c => c.Length > 0).Distinct()];

        TimeSpan? OnRound(ObservedRound? round, ObservationException? problem)
        {
            if (problem is not null)
            {
                var anything = observer.Hubble.Differences.Rounds + observer.Backends.Differences.Rounds > 0;
                if (++failures >= MaxFailuresInARow || !anything)
                    throw problem;
                progress($"{problem.Message} (trying again, {failures} of {MaxFailuresInARow - 1})");
            }
            else
            {
                failures = 0;
                foreach (var (at, scrapes) in round!.Scrapes)
                    observer.Add(scrapes with { At = (at - since).TotalSeconds }, round.Objects.Service);
            }
            Requests = rounds.Requests;
            // 3. what it means
            result = ObservedReport.Of(observer, rounds.Source, since);
            if (Said(result) is var now && now != said)
                progress(said = now);
            var done = result.Skewed || (result.Decided && !options.Watch) || time.GetUtcNow() >= end;
            return done ? null : TimeSpan.Zero;
        }
    }

    private DateTimeOffset End(DateTimeOffset began)
    {
        if (options.Prometheus is not null && !options.Watch)
            return began;
        if (options.For is { } given)
            return began + given;
        return options.Watch ? DateTimeOffset.MaxValue : began + s_scraping;
    }

    /// <summary>A Prometheus knows the past, but the objects only say how things are now: nothing from before their last change is judged.</summary>
    private DateTimeOffset Since(ServiceObjectsRead read, DateTimeOffset began, ObservationProgress progress)
    {
        if (options.Prometheus is null)
            return began;
        var wanted = began - (options.Watch ? s_lookingBack : options.For ?? s_lookingBack);
        if (read.StableSince is not { } changed || changed <= wanted.UtcDateTime)
            return wanted;
        progress(
            FormattableString.Invariant(
                $"judging from {changed:yyyy-MM-dd HH:mm:ss} UTC on: then the newest pod became ready or the newest policy was created"
            )
        );
        // The change takes a moment to reach every node.
        return new DateTimeOffset(DateTime.SpecifyKind(changed, DateTimeKind.Utc)) + TimeSpan.FromSeconds(2);
    }

    private static string Said(ObservedResult result)
    {
        var phase = result.Report.Phases[^1];
        var withheld = result.Report.Quality.FirstOrDefault(q => q.Fails)?.Text;
        return withheld is not null
            ? $"undecided: {withheld}"
            : $"selection {Word(phase.Selection.Kind)}, delivery {Word(phase.Delivery.Successes.Kind)}: {result.Report.Diagnosis.Name}";
        static string Word(CiliumDebugging.Statistics.VerdictKind kind) => kind.ToString().ToLowerInvariant();
    }
}
