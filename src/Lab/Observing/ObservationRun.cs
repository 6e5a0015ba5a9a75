using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using k8s;

namespace CiliumDebugging.Lab.Observing;

/// <summary>Reports progress, one line at a time.</summary>
public delegate void ObservationProgress(string text);

/// <summary>
/// Observes a Service of an existing cluster, without load of its own: reads objects and counters until there is a
/// decision. It only reads (get, list, GET).
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="options">What to observe.</param>
/// <param name="time">Time source.</param>
public sealed class ObservationRun(Kubernetes cluster, ObserveOptions options, TimeProvider time)
{
    private const int MaxFailuresInARow = 5;

    private static readonly TimeSpan s_scraping = TimeSpan.FromMinutes(3),
        s_lookingBack = TimeSpan.FromMinutes(10),
        s_settling = TimeSpan.FromSeconds(2);

    /// <summary>Requests made so far, to all servers together.</summary>
    public long Requests { get; private set; }

    /// <summary>
    /// Observes until there is a decision or the time is over; with <see cref="ObserveOptions.Watch"/>, until skew is
    /// found.
    /// </summary>
    /// <exception cref="ObservationException">It cannot begin, or failed too often in a row.</exception>
    public async Task<ObservedResult> RunAsync(ObservationProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(progress);
        using var rounds = new ObservationRounds(cluster, options, time);
        // 1. the objects
        var began = time.GetUtcNow();
        var read = await rounds.LookAsync(began, cancellationToken);
        var since = Since(read, began, progress);
        var end = End(began);
        var observer = new ServiceObserver(read.Service, options.Verdict);
        var found = FormattableString.Invariant($"{read.Service.Endpoints.Length} pods, {read.Agents.Length} agents");
        progress($"observing {options.Namespace}/{options.Service} ({found}): {rounds.Source}");
        // 2. the counters, until there is enough
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
            // 3. the evaluation
            result = ObservedReport.Of(observer, rounds.Source, since);
            var now = Describe(result);
            if (now != said)
                progress(now);
            said = now;
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

    /// <summary>
    /// Where evidence begins. A Prometheus has older samples, but the objects are known only as they are now: samples
    /// from before their last change are not used.
    /// </summary>
    private DateTimeOffset Since(ServiceObjectsRead read, DateTimeOffset began, ObservationProgress progress)
    {
        if (options.Prometheus is null)
            return began;
        var wanted = began - (options.Watch ? s_lookingBack : options.For ?? s_lookingBack);
        if (read.StableSince is not { } changed || changed <= wanted.UtcDateTime)
            return wanted;
        var from = FormattableString.Invariant($"evaluating from {changed:yyyy-MM-dd HH:mm:ss} UTC on");
        progress($"{from}: then the newest pod became ready or the newest policy was created");
        return new DateTimeOffset(DateTime.SpecifyKind(changed, DateTimeKind.Utc)) + s_settling;
    }

    private static string Describe(ObservedResult result)
    {
        var (report, phase) = (result.Report, result.Report.Latest);
        if (report.Quality.FirstOrDefault(q => q.Fails) is { } withheld)
            return $"undecided: {withheld.Text}";
        var (selection, delivery) = (Word(phase.Selection.Kind), Word(phase.Delivery.Successes.Kind));
        return $"selection {selection}, delivery {delivery}: {report.Diagnosis.Name}";
    }

    private static string Word(VerdictKind kind) => kind.ToString().ToLowerInvariant();
}
