using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using CiliumDebugging.Measurement.Observation;

namespace CiliumDebugging.Lab.Observing;

/// <summary>
/// Rounds from the samples that a Prometheus has scraped: raw samples of the three metrics in cilium/cilium#14268's
/// graphs, without the extrapolation of rate(), and of <c>up</c>, which shows when a target was not reached.
/// </summary>
internal sealed class PrometheusScrapes(
    PrometheusApi prometheus,
    ObserveOptions options,
    RequestBudget budget,
    TimeProvider time
) : ICounterSource, IDisposable
{
    private static readonly string[] s_nodeLabels = ["kubernetes_node_name", "node", "nodename", "kubernetes_node"];
    private static readonly string[] s_podLabels = ["kubernetes_pod_name", "pod", "pod_name"];

    /// <summary>The newest samples may not be stored yet.</summary>
    private static readonly TimeSpan s_behind = TimeSpan.FromSeconds(2);

    private DateTimeOffset? _read;
    private double _lastRound = double.NegativeInfinity;

    public string Description => $"the samples of Prometheus {prometheus.Address}";

    public int RequestsPerReading => 5;

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
        var names = string.Join('|', objects.Service.Endpoints.Select(e => Regex.Escape(e.Pod.HubbleName)));
        var pods = $"\"{names.Replace("\\", "\\\\", StringComparison.Ordinal)}\"";
        Task<ImmutableArray<RawSeries>> ReadAsync(string selector) =>
            prometheus.SamplesAsync(selector, window, end, cancellationToken);
        var hubble = (await ReadAsync($"{HubbleSamples.Requests}{{destination=~{pods}}}"))
            .AddRange(await ReadAsync($"{HubbleSamples.Responses}{{source=~{pods}}}"))
            .AddRange(await ReadAsync(HubbleSamples.Lost));
        var backends = options.BackendMetric.Length > 0 ? await ReadAsync(options.BackendMetric) : [];
        var up = await ReadAsync("up");
        var samples = new ScrapedTargets(objects);
        foreach (var series in hubble)
            samples.Hubble(series, Label(series, s_nodeLabels), Label(series, s_podLabels));
        foreach (var series in backends)
            samples.Backend(series, Label(series, ["kubernetes_namespace", "namespace"]), Label(series, s_podLabels));
        foreach (var series in up)
            samples.Up(series);
        var rounds = samples.Rounds(Math.Max(Seconds(since), _lastRound), end);
        if (rounds.Count > 0)
            _lastRound = rounds[^1].At;
        return [.. rounds.Select(r => (DateTimeOffset.UnixEpoch.AddSeconds(r.At), r with { At = 0 }))];
    }

    private static string Label(RawSeries series, string[] names) =>
        names.Select(n => series[n]).FirstOrDefault(v => v.Length > 0) ?? "";

    private static double Seconds(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).TotalSeconds;

    public void Dispose() => prometheus.Dispose();
}
