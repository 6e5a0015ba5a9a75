using CiliumDebugging.LoadTest.Attack.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CiliumDebugging.LoadTest.Commands;

/// <summary>Exports an attack's spans and metrics by OTLP, where the usual variables say so; until it is disposed,
/// which sends the rest.</summary>
internal sealed class TelemetryExport : IDisposable
{
    private const string EndPointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT",
        DefaultService = "load-test";

    private readonly TracerProvider _traces;
    private readonly MeterProvider _metrics;

    private TelemetryExport()
    {
        _traces = Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(Describe)
            .AddSource(RequestTracer.SourceName)
            .AddOtlpExporter()
            .Build();
        _metrics = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(Describe)
            .AddMeter(RequestMetrics.MeterName)
            .AddOtlpExporter()
            .Build();
    }

    /// <summary>Begins to export; null when OTEL_EXPORTER_OTLP_ENDPOINT is not set.</summary>
    public static TelemetryExport? Start() =>
        string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(EndPointVariable)) ? null : new TelemetryExport();

    public void Dispose()
    {
        _traces.Dispose();
        _metrics.Dispose();
    }

    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
    private static void Describe(ResourceBuilder resource) =>
        resource.Clear().AddService(DefaultService).AddTelemetrySdk().AddEnvironmentVariableDetector();
}
