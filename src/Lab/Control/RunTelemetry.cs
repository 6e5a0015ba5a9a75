using System.Diagnostics.Metrics;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.ServiceDefaults;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace CiliumDebugging.Lab.Control;

/// <summary>
/// The run's own telemetry, sent by the process that evaluates it: <see cref="RunMetrics"/> as OpenTelemetry
/// instruments, and <see cref="RunLog"/> as structured logs.
/// </summary>
public sealed class RunTelemetry : IDisposable
{
    public const string MeterName = "LoadTest";

    public const string ServiceName = "distribution";

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);
    private readonly LiveState _live;
    private readonly Meter _meter = new(MeterName);
    private readonly MeterProvider _metrics;
    private readonly ILoggerFactory _logs;
    private readonly IDisposable _watching;
    private readonly PodGauges _pods;
    private readonly ITimer _timer;
    private readonly Lock _ticking = new();
    private bool _disposed;

    private RunTelemetry(LiveState live, OtlpTarget target, TimeProvider time, string? instanceId)
    {
        _live = live;
        var resource = Resource(instanceId);
        Instrument(_meter, () => _live.State);
        _metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(MeterName)
            .AddOtlpExporter(
                (exporter, reader) =>
                {
                    Aim(exporter, target);
                    reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)
                        s_interval.TotalMilliseconds;
                }
            )
            .Build();
        _logs = LoggerFactory.Create(logging =>
            logging.AddOpenTelemetry(options =>
            {
                options.IncludeFormattedMessage = true;
                options.SetResourceBuilder(resource).AddOtlpExporter(exporter => Aim(exporter, target));
            })
        );
        _watching = live.Watch();
        _pods = new PodGauges(ServiceName, () => new OtlpMetricExporter(ForPods(target)));
        var log = new RunLog(_logs.CreateLogger("LoadTest.Run"));
        _timer = time.CreateTimer(_ => Tick(log), null, s_interval, s_interval);
    }

    /// <summary>Starts to send; null without a receiver.</summary>
    /// <param name="live">The state to send.</param>
    /// <param name="target">The receiver.</param>
    /// <param name="time">Time source.</param>
    /// <param name="instanceId">
    /// service.instance.id of <see cref="ServiceName"/>, for a host whose environment is not the run's own. Null: name
    /// and instance are from the environment, by default <see cref="ServiceName"/> and the machine's name.
    /// </param>
    public static RunTelemetry? Start(
        LiveState live,
        OtlpTarget? target,
        TimeProvider time,
        string? instanceId = null
    ) => target is null ? null : new RunTelemetry(live, target, time, instanceId);

    /// <summary>The resource of a run.</summary>
    internal static ResourceBuilder Resource(string? instanceId) =>
        instanceId is not null
            ? ResourceBuilder.CreateDefault().AddService(ServiceName, serviceInstanceId: instanceId)
            : ResourceBuilder
                .CreateDefault()
                .AddService(ServiceName, serviceInstanceId: Environment.MachineName)
                .AddEnvironmentVariableDetector();

    /// <summary>Adds the instruments to a meter.</summary>
    /// <param name="meter">The meter.</param>
    /// <param name="state">The state now.</param>
    public static void Instrument(Meter meter, Func<PageState> state)
    {
        ArgumentNullException.ThrowIfNull(meter);
        meter.CreateObservableCounter(
            RunMetrics.Responses,
            () => state().Responses.Select(Measure),
            "{response}",
            RunMetrics.ResponsesHelp
        );
        foreach (var gauge in RunMetrics.Gauges)
            meter.CreateObservableGauge(gauge.Name, () => Measure(gauge.Value(state())), unit: null, gauge.Description);
    }

    private static Measurement<long> Measure(ResponseCount count) =>
        new(count.Count, new("pod", count.Pod ?? ""), new("node", count.Node ?? ""), new("status", count.Status));

    private static IEnumerable<Measurement<double>> Measure(double? value) =>
        value is { } some ? [new Measurement<double>(some)] : [];

    private void Tick(RunLog log)
    {
        // With a slow receiver, calls must not queue.
        if (!_ticking.TryEnter())
            return;
        try
        {
            if (_disposed)
                return;
            var state = _live.State;
            log.Say(state);
            _pods.Export(state);
        }
        finally
        {
            _ticking.Exit();
        }
    }

    private static OtlpExporterOptions ForPods(OtlpTarget target)
    {
        var exporter = new OtlpExporterOptions();
        Aim(exporter, target);
        return exporter;
    }

    private static void Aim(OtlpExporterOptions exporter, OtlpTarget target)
    {
        // A receiver that is ending must not delay the end of this process.
        exporter.TimeoutMilliseconds = (int)s_interval.TotalMilliseconds;
        if (target.Endpoint is not null)
            (exporter.Endpoint, exporter.Protocol) = (target.Endpoint, OtlpExportProtocol.Grpc);
        if (target.Headers is not null)
            exporter.Headers = target.Headers;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_ticking)
            _disposed = true;
        _watching.Dispose();
        _pods.Dispose();
        _metrics.Dispose();
        _logs.Dispose();
        _meter.Dispose();
    }
}
