using System.Diagnostics.Metrics;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Page;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace CiliumDebugging.Lab.Control;

/// <summary>
/// Share and rates of each Pod, as gauges of two resources: an instance of the run's own service and one of the Pod's
/// workload. A dashboard shows instances side by side, but sums over attributes. Not thread-safe.
/// </summary>
/// <param name="service">The run's service name.</param>
/// <param name="newExporter">Makes an exporter.</param>
internal sealed class PodGauges(string service, Func<BaseExporter<Metric>> newExporter) : IDisposable
{
    public const string MeterName = "LoadTest.Pods";

    /// <summary>Pods with gauges at once.</summary>
    public const int MaxPods = 50;

    private const int CollectTimeoutMs = 1_000;
    private readonly Dictionary<string, PodResources> _pods = new(StringComparer.Ordinal);

    public int Count => _pods.Count;

    /// <summary>Exports the Pods of a state; nothing where its rows are nodes. Forgets deleted Pods.</summary>
    public void Export(PageState state)
    {
        var rows = state.Grouped ? [] : state.Rows.Take(MaxPods).ToDictionary(r => r.Key, StringComparer.Ordinal);
        foreach (var gone in _pods.Keys.Except(rows.Keys).ToList())
            if (_pods.Remove(gone, out var deleted))
                deleted.Dispose();
        foreach (var (key, row) in rows)
        {
            if (!_pods.TryGetValue(key, out var pod))
                _pods[key] = pod = new PodResources(key, row.Node, service, newExporter);
            pod.Row = row;
        }
        using var untraced = SuppressInstrumentationScope.Begin();
        // An unreachable receiver costs one timeout a round.
        _ = _pods.Values.All(p => p.Export());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var pod in _pods.Values)
            pod.Dispose();
        _pods.Clear();
    }

    private sealed class PodResources : IDisposable
    {
        private readonly Meter _meter = new(MeterName);
        private readonly List<(MeterProvider Provider, MetricReader Reader)> _resources;

        public PodResources(string key, string node, string service, Func<BaseExporter<Metric>> newExporter)
        {
            var slash = key.IndexOf('/', StringComparison.Ordinal);
            var (ns, pod) = (key[..Math.Max(slash, 0)], key[(slash + 1)..]);
            var (workload, shortName) = PodNames.Split(pod);
            Gauge("loadtest.pod.share", "1", "Share of the successes that the pod has, 0 to 1", r => r.Share);
            Gauge("loadtest.pod.successes.rate", "{response}/s", "Successes per second from the pod", r =>
                r.OkPerSecond
            );
            Gauge("loadtest.pod.failures.rate", "{response}/s", "5xx per second attributed to the pod", r =>
                r.FailedPerSecond
            );
            _resources =
            [
                .. new[] { service, workload }
                    .Distinct(StringComparer.Ordinal)
                    .Select(name => Resource(name, shortName)),
            ];

            void Gauge(string name, string unit, string description, Func<PageRow, double?> value) =>
                _meter.CreateObservableGauge(name, () => Measure(value), unit, description);

            IEnumerable<Measurement<double>> Measure(Func<PageRow, double?> value) =>
                Row is { } row && value(row) is { } now ? [new Measurement<double>(now)] : [];

            (MeterProvider, MetricReader) Resource(string name, string instance)
            {
                var reader = new BaseExportingMetricReader(newExporter());
                var resource = ResourceBuilder
                    .CreateEmpty()
                    .AddTelemetrySdk()
                    .AddService(name, serviceInstanceId: instance)
                    .AddAttributes([
                        new("k8s.pod.name", pod),
                        new("k8s.namespace.name", ns),
                        new("k8s.node.name", node),
                    ]);
                // Every Pod's meter has the same name, so that a dashboard shows their gauges as one.
                return (
                    Sdk.CreateMeterProviderBuilder()
                        .SetResourceBuilder(resource)
                        .AddMeter(MeterName)
                        .AddView(instrument => instrument.Meter == _meter ? null : MetricStreamConfiguration.Drop)
                        .AddReader(reader)
                        .Build(),
                    reader
                );
            }
        }

        public PageRow? Row { private get; set; }

        public bool Export() => _resources.All(r => r.Reader.Collect(CollectTimeoutMs));

        public void Dispose()
        {
            Row = null;
            foreach (var (provider, _) in _resources)
                provider.Dispose();
            _meter.Dispose();
        }
    }
}
