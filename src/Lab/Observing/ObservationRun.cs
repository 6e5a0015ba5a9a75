using System.Text.RegularExpressions;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using k8s;

namespace CiliumDebugging.Lab.Observing;

/// <summary>Reports progress.</summary>
/// <param name="text">One line.</param>
/// <param name="passing">Whether the next line replaces it, as that of the time.</param>
/// <param name="done">The part of the time that has passed, 0 to 1; null: it has no end, or this is not about it.</param>
public delegate void ObservationProgress(string text, bool passing, double? done = null);

/// <summary>
/// Observes a Service of an existing cluster, without load of its own: reads objects and counters until there is a
/// decision. It only reads (get, list, GET).
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="options">What to observe.</param>
/// <param name="time">Time source.</param>
public sealed partial class ObservationRun(Kubernetes cluster, ObserveOptions options, TimeProvider time)
{
    private const int MaxFailuresInARow = 5;

    private static readonly TimeSpan s_scraping = TimeSpan.FromMinutes(3),
        s_lookingBack = TimeSpan.FromMinutes(10),
        s_settling = TimeSpan.FromSeconds(2),
        s_quiet = TimeSpan.FromSeconds(15);

    /// <summary>Requests made so far, to all servers together.</summary>
    public long Requests { get; private set; }

    /// <summary>
    /// Observes until there is a decision or the time is over; with <see cref="ObserveOptions.Watch"/>, until skew is
    /// found.
    /// </summary>
    /// <returns>What was observed; so far, where it was cancelled or failed too often in a row.</returns>
    /// <exception cref="ObservationException">It cannot begin, or failed before anything was observed.</exception>
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
        progress($"observing {options.Namespace}/{options.Service} ({found}): {rounds.Source}", passing: false);
        // 2. the counters, until there is enough
        ObservedResult? result = null;
        var (failures, said, saidQuiet) = (0, "", false);
        var (latest, settledAt) = (read.Service, double.NegativeInfinity);
        try
        {
            await rounds.RunAsync(since, Clients, OnRound, cancellationToken);
            return result!;
        }
        catch (OperationCanceledException) when (result is not null && cancellationToken.IsCancellationRequested)
        {
            return Partial(result, EarlyEnd.Interrupted);
        }
        catch (ObservationException e) when (result is not null)
        {
            return Partial(result, new EarlyEnd(e.Message.TrimEnd('.'), IsInterruption: false));
        }

        List<string> Clients() =>
            [.. observer.Hubble.Totals.Keys.Select(k => k.Client).Where(c => c.Length > 0).Distinct()];

        TimeSpan? OnRound(ObservedRound? round, ObservationException? problem)
        {
            if (problem is not null)
            {
                var anything = observer.Hubble.Differences.Rounds + observer.Backends.Differences.Rounds > 0;
                if (++failures >= MaxFailuresInARow || !anything)
                    throw problem;
                progress($"{problem.Message} (trying again, {failures} of {MaxFailuresInARow - 1})", passing: false);
            }
            else
            {
                failures = 0;
                var service = round!.Objects.Service;
                // What was counted before the objects were read may be from before their change.
                if (ServiceChange.Describe(latest, service) is not null)
                    settledAt = (round.ReadAt - since + Settling).TotalSeconds;
                latest = service;
                foreach (var (at, scrapes) in round.Scrapes)
                    if ((at - since).TotalSeconds is var seconds && seconds >= settledAt)
                        observer.Add(scrapes with { At = seconds }, service);
            }
            Requests = rounds.Requests;
            // 3. the evaluation
            result = ObservedReport.Of(observer, rounds.Source, since);
            var now = Describe(result);
            // A number alone is not news.
            if (Digits().Replace(now, "#") is var words && words != said)
                progress(now, passing: false);
            said = words;
            if (result.Skewed || (result.Decided && !options.Watch) || time.GetUtcNow() >= end)
                return null;
            var elapsed = time.GetUtcNow() - began;
            // Where counters cannot be read, requests may have been missed.
            var readable = !result.Report.Quality.Any(q => q is { Fails: true, Early: false });
            var phase = TimeSpan.FromSeconds(observer.Phase.Last - observer.Phase.Start);
            if (!saidQuiet && readable && phase >= s_quiet && Intervals(observer) == 0)
            {
                var seconds = FormattableString.Invariant($"{phase.TotalSeconds:0} s");
                var nothing = $"{options.Namespace}/{options.Service} got no request in {seconds}";
                progress($"{nothing}. Send traffic, or end this with Ctrl-C", passing: false);
                saidQuiet = true;
            }
            double? done = options.Watch && options.For is null ? null : elapsed / (end - began);
            progress(Elapsed(elapsed, end - began, Intervals(observer)), passing: true, done);
            return TimeSpan.Zero;
        }
    }

    private static ObservedResult Partial(ObservedResult result, EarlyEnd end) =>
        result with
        {
            Report = result.Report with { EndedEarly = end },
        };

    /// <summary>Time for a change to reach every node; a scrape leaves out the interval of the change anyway.</summary>
    private TimeSpan Settling => options.Prometheus is null ? TimeSpan.Zero : s_settling;

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
        progress($"{from}: then the Service, its endpoints, a pod or a policy last changed", passing: false);
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

    /// <summary>Scrape intervals with requests, however they ended.</summary>
    private static long Intervals(ServiceObserver observer) =>
        ((ObservedView[])[observer.Hubble, observer.Backends]).Max(v =>
            Math.Max(v.Selection.Shares.Intervals, v.Delivery.Shares.Intervals)
        );

    /// <summary>How far it is, as <c>12/180 s, 2/20 scrape intervals</c>.</summary>
    private string Elapsed(TimeSpan elapsed, TimeSpan total, long intervals)
    {
        var seconds = Math.Floor(elapsed.TotalSeconds);
        var time =
            options.Watch && options.For is null
                ? FormattableString.Invariant($"{seconds:0} s")
                : FormattableString.Invariant($"{seconds:0}/{total.TotalSeconds:0} s");
        return intervals < RatioSums.MinIntervals
            ? FormattableString.Invariant(
                $"{time}, {intervals}/{RatioSums.MinIntervals} scrape intervals with requests"
            )
            : time;
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();

    private static string Word(VerdictKind kind) => kind.ToString().ToLowerInvariant();
}
