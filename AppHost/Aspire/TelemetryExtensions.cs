namespace CiliumDebugging.AppHost;

/// <summary>When the dashboard hears of what happens.</summary>
internal static class TelemetryExtensions
{
    private const string Interval = "1000";

    /// <summary>
    /// Sends metrics, spans and logs every second, as the rest of the lab is updated; Aspire asks for that in the Development environment alone, and by default metrics are sent once a minute
    /// (OpenTelemetry specification, SDK environment variables; milliseconds).
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithPromptTelemetry(this IResourceBuilder<ProjectResource> project) => project
        .WithEnvironment("OTEL_METRIC_EXPORT_INTERVAL", Interval)
        .WithEnvironment("OTEL_BSP_SCHEDULE_DELAY", Interval)
        .WithEnvironment("OTEL_BLRP_SCHEDULE_DELAY", Interval);
}
