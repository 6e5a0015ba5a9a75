using System.Text.RegularExpressions;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Observation;

namespace CiliumDebugging.Lab.Observing;

/// <summary>
/// Rounds from the samples that a Prometheus has scraped: raw samples of the three metrics in cilium/cilium#14268's
/// graphs, without the extrapolation of rate(), and of <c>up</c>, which shows when a target was not reached.
/// </summary>
internal sealed class PrometheusScrapes(
    PrometheusServer server,
    ObserveOptions options,
    RequestBudget budget,
    TimeProvider time
) : ICounterSource, IDisposable
{
    /// <summary>
    /// Two metrics of Hubble with three ways to name a Pod, its losses, the Pods' own counter, <c>up</c>.
    /// </summary>
    private const int Queries = 9;

    /// <summary>The newest samples may not be stored yet.</summary>
    private static readonly TimeSpan s_behind = TimeSpan.FromSeconds(2);

    /// <summary>Two scrapes are in it, as rarely as there may be some.</summary>
    private static readonly TimeSpan s_recently = TimeSpan.FromMinutes(2);

    private readonly PrometheusApi _api = new(server, time);
    private DateTimeOffset? _read;
    private double _lastRound = double.NegativeInfinity;

    public string Description => $"the samples of Prometheus {_api.Address}";

    public int RequestsPerReading => Queries;

    public async Task<IReadOnlyList<(DateTimeOffset At, ScrapeRound Round)>> ReadAsync(
        ServiceObjectsRead objects,
        DateTimeOffset since,
        CancellationToken cancellationToken
    )
    {
        await budget.TakeAsync(RequestsPerReading, cancellationToken);
        var now = time.GetUtcNow() - s_behind;
        // Overlaps with the last reading, so that a round finds the last sample before it.
        var from = _read is { } last ? last - TimeSpan.FromMinutes(2) : since;
        var (end, window) = (Seconds(now), (now - (from > since ? from : since)).TotalSeconds);
        if (window < 1)
            return [];
        _read = now;
        var series = new Dictionary<string, RawSeries>(StringComparer.Ordinal);
        var notes = new HubbleNotes();
        var pods = new ServicePods(objects.Service);
        foreach (var (metric, matcher) in Selectors(pods))
            await ReadAsync(metric, matcher);
        var targets = new ScrapedTargets(objects, options, series.Values, notes);
        if (!notes.Finds)
        {
            // Series without the names of Pods say why nothing is counted.
            await budget.TakeAsync(2, cancellationToken);
            var workloads = Alternatives(pods.Workloads);
            await ReadAsync(HubbleHttpSample.Requests, $"destination=~{workloads}");
            await ReadAsync(HubbleHttpSample.Requests, $"destination_workload=~{workloads}");
            targets = new ScrapedTargets(objects, options, series.Values, notes);
        }
        if (notes is { Finds: false, Explains: false })
        {
            await budget.TakeAsync(1, cancellationToken);
            await ReadAnyAsync();
            targets = new ScrapedTargets(objects, options, series.Values, notes);
        }
        if (series.Count == 0 && server.Labels.Length > 0)
        {
            var labels = server.Labels.Select(l => $"{l.Key}=\"{l.Value}\"");
            notes.Add($"Prometheus has no series with {string.Join(", ", labels)}");
        }
        var rounds = targets.Rounds(Math.Max(Seconds(since), _lastRound), end);
        // What a reader must know may be why there is no round.
        if (rounds.Count == 0 && notes.All.Count > 0)
            rounds = [new ScrapeRound(end, [])];
        if (rounds.Count > 0)
            _lastRound = rounds[^1].At;
        return
        [
            .. rounds.Select(r =>
                (DateTimeOffset.UnixEpoch.AddSeconds(r.At), r with { At = 0, Notes = [.. notes.All] })
            ),
        ];

        // Whatever else the series name. There may be a lot of them, and nothing depends on them but a note.
        async Task ReadAnyAsync()
        {
            try
            {
                await ReadAsync(HubbleHttpSample.Requests, "", Math.Min(window, s_recently.TotalSeconds));
            }
            catch (ObservationException)
            {
                // Too many to say anything: the note is left out.
            }
        }

        async Task ReadAsync(string metric, string matcher, double? seconds = null)
        {
            var answer = await _api.SamplesAsync(metric, matcher, seconds ?? window, end, cancellationToken);
            foreach (var warning in answer.Warnings)
                notes.Add(
                    options.Redact
                        ? "Prometheus warns that its answer may be incomplete"
                        : $"Prometheus warns that its answer may be incomplete: '{warning}'"
                );
            foreach (var one in answer.Series.Where(s => s.Samples.Length > 0))
                series[one.Identity] = one;
        }
    }

    private IEnumerable<(string Metric, string Matcher)> Selectors(ServicePods pods)
    {
        var (names, shorts) = (Alternatives([.. pods.Names, .. pods.Addresses]), Alternatives(pods.ShortNames));
        var addresses = Alternatives(pods.Addresses);
        foreach (
            var (metric, side) in ((string, string)[])
                [(HubbleHttpSample.Requests, "destination"), (HubbleHttpSample.Responses, "source")]
        )
        {
            yield return (metric, $"{side}=~{names}");
            yield return (metric, $"{side}_pod=~{shorts}");
            yield return (metric, $"{side}_ip=~{addresses}");
        }
        yield return (HubbleSamples.Lost, "");
        if (options.BackendMetric.Length > 0)
            yield return (options.BackendMetric, "");
        yield return (ScrapedFeed.Up, "");
    }

    /// <summary>A regular expression that matches these strings, in quotes.</summary>
    private static string Alternatives(IEnumerable<string> texts) =>
        $"\"{PrometheusApi.Escape(string.Join('|', texts.Select(Regex.Escape)))}\"";

    private static double Seconds(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).TotalSeconds;

    public void Dispose() => _api.Dispose();
}
