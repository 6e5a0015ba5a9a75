using Microsoft.Extensions.Configuration;

namespace CiliumDebugging.ServiceDefaults;

/// <summary>Where telemetry is sent by OTLP over gRPC.</summary>
/// <param name="Endpoint">The collector, or Aspire's dashboard; null: the exporter reads it and everything else from
/// the usual OTEL_EXPORTER_OTLP_* variables.</param>
/// <param name="Headers">Headers as OTEL_EXPORTER_OTLP_HEADERS writes them; null for none.</param>
public sealed record OtlpTarget(Uri? Endpoint, string? Headers = null)
{
    /// <summary>The variable that turns telemetry on.</summary>
    public const string Variable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>The target from the configuration; null: none.</summary>
    public static OtlpTarget? From(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return string.IsNullOrWhiteSpace(configuration[Variable]) ? null : new OtlpTarget(Endpoint: null);
    }

    /// <summary>The target from the environment; null: none.</summary>
    public static OtlpTarget? FromEnvironment() =>
        string.IsNullOrWhiteSpace(Environment.GetEnvironmentVariable(Variable)) ? null : new OtlpTarget(Endpoint: null);
}
