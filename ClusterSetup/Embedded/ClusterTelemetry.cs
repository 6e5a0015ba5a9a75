using CiliumDebugging.ClusterSetup.Embedded.Proxy;
using CiliumDebugging.ServiceDefaults;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CiliumDebugging.ClusterSetup.Embedded;

/// <summary>Sends the node proxies' spans where the environment says; they say of which node they are, because all proxies live in one process.</summary>
internal static class ClusterTelemetry
{
    private const string ServiceName = "cilium-envoy";

    /// <summary>Starts to send; null: there is nobody to tell, and no span is made.</summary>
    public static IDisposable? Start() => OtlpTarget.FromEnvironment() is null ? null : Sdk.CreateTracerProviderBuilder()
        .ConfigureResource(resource => resource.AddService(Environment.GetEnvironmentVariable("OTEL_SERVICE_NAME") is { Length: > 0 } name ? name : ServiceName, serviceInstanceId: Environment.MachineName))
        .AddSource(ProxyTracing.SourceName)
        .AddOtlpExporter()
        .Build();
}
