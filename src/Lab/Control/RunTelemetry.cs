using System.Diagnostics.Metrics;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.ServiceDefaults;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace CiliumDebugging.Lab.Control;

/// <summary>The run's own telemetry, sent by the process that judges it: <see cref="RunMetrics"/> as OpenTelemetry instruments, and what happens as structured logs.</summary>
public sealed class RunTelemetry : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "LoadTest";

    /// <summary>Name of the service.</summary>
    public const string ServiceName = "distribution";

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);
    private readonly LiveState _feed;
    private readonly Meter _meter = new(MeterName);
    private readonly MeterProvider _metrics;
    private readonly ILoggerFactory _logs;
    private readonly IDisposable _watching;
    private readonly PodGauges _pods;
    private readonly ITimer _timer;
    private readonly Lock _ticking = new();
    private bool _disposed;

    private RunTelemetry(LiveState feed, OtlpTarget target, TimeProvider time, string? instanceId)
    {
        _feed = feed;
        var resource = Resource(instanceId);
        Instrument(_meter, () => _feed.State);
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
        _watching = feed.Watch();
        _pods = new PodGauges(ServiceName, () => new OtlpMetricExporter(ForPods(target)));
        var log = new RunLog(_logs.CreateLogger("LoadTest.Run"));
        _timer = time.CreateTimer(_ => Tick(log), null, s_interval, s_interval);
    }

    /// <summary>Starts to send; null: there is nobody to tell.</summary>
    /// <param name="feed">What is told.</param>
    /// <param name="target">To whom.</param>
    /// <param name="time">Time source.</param>
    /// <param name="instanceId">
    /// service.instance.id of the service <see cref="ServiceName"/>, for a host whose environment is not the run's own.
    /// Null: name and instance are what the environment says, without it <see cref="ServiceName"/> and the machine's
    /// name.
    /// </param>
    public static RunTelemetry? Start(
        LiveState feed,
        OtlpTarget? target,
        TimeProvider time,
        string? instanceId = null
    ) => target is null ? null : new RunTelemetry(feed, target, time, instanceId);

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
    /// <param name="state">The state of the lab now.</param>
    public static void Instrument(Meter meter, Func<PageState> state)
    {
        ArgumentNullException.ThrowIfNull(meter);
        meter.CreateObservableCounter(
            RunMetrics.Responses,
            () =>
                state()
                    .Responses.Select(r => new Measurement<long>(
                        r.Count,
                        new KeyValuePair<string, object?>("pod", r.Pod ?? ""),
                        new KeyValuePair<string, object?>("node", r.Node ?? ""),
                        new KeyValuePair<string, object?>("status", r.Status)
                    )),
            "{response}",
            RunMetrics.ResponsesHelp
        );
        foreach (RunQuantity gauge in RunMetrics.Gauges)
            meter.CreateObservableGauge(
                gauge.Name,
                () =>
                    gauge.Value(state()) is { } value
                        ? [new Measurement<double>(value)]
                        : Array.Empty<Measurement<double>>(),
                unit: null,
                gauge.Description
            );
    }

    private void Tick(RunLog log)
    {
        // A slow receiver must not make calls wait for each other.
        if (!_ticking.TryEnter())
            return;
        try
        {
            if (_disposed)
                return;
            PageState state = _feed.State;
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
        var exporter = new OtlpExporterOptions { TimeoutMilliseconds = (int)s_interval.TotalMilliseconds };
        Aim(exporter, target);
        return exporter;
    }

    private static void Aim(OtlpExporterOptions exporter, OtlpTarget target)
    {
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
