using CiliumDebugging.ServiceDefaults.Pods;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CiliumDebugging.ServiceDefaults;

/// <summary>What every service of the lab shares, in the usual Aspire shape.</summary>
public static class Extensions
{
    private const string HealthPath = "/health";
    private const string AlivePath = "/alive";

    /// <summary>Adds OpenTelemetry (logs, metrics, traces; where OTEL_EXPORTER_OTLP_ENDPOINT is set, otherwise
    /// nothing), health checks, service discovery and HTTP resilience.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="identity">The Pod's identity, put on all telemetry; null outside a cluster.</param>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder, PodIdentity? identity = null)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.ConfigureOpenTelemetry(identity);
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), ["live"]);
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            http.AddStandardResilienceHandler();
            http.AddServiceDiscovery();
        });
        return builder;
    }

    /// <summary>Adds OpenTelemetry alone: for processes whose HTTP clients must not retry, which would falsify what is
    /// measured.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="identity">The Pod's identity, put on all telemetry (semantic conventions: k8s.pod.name,
    /// k8s.namespace.name, k8s.node.name). Service name and instance are what OTEL_SERVICE_NAME and
    /// OTEL_RESOURCE_ATTRIBUTES say; without them the application's name and the Pod's, without the service's name in
    /// front of it.</param>
    /// <param name="tracesRequests">Whether HTTP requests of the process, served and sent, are traced. Default true;
    /// false: all of them are control traffic.</param>
    public static TBuilder ConfigureOpenTelemetry<TBuilder>(
        this TBuilder builder,
        PodIdentity? identity = null,
        bool tracesRequests = true
    )
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        // A line for every request would drown what matters at hundreds of requests per second; where the process
        // listens stays. Logging__LogLevel settings still win.
        builder
            .Logging.AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("System.Net.Http", LogLevel.Warning)
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        if (OtlpTarget.From(builder.Configuration) is null)
        {
            // No endpoint: no instrumentation, and no activity for each request, which ASP.NET Core makes wherever
            // this category is logged.
            builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
            return builder;
        }
        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });
        builder
            .Services.AddOpenTelemetry()
            .ConfigureResource(resource => Describe(resource, builder, identity))
            .WithMetrics(metrics =>
                metrics.AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddRuntimeInstrumentation()
            )
            .WithTracing(tracing =>
            {
                tracing.AddSource(builder.Environment.ApplicationName);
                if (tracesRequests)
                    tracing
                        .AddAspNetCoreInstrumentation(o =>
                            o.Filter = context => SpanNames.IsTraced(context.Request.Path)
                        )
                        .AddHttpClientInstrumentation();
            })
            .UseOtlpExporter();
        return builder;
    }

    /// <summary>Maps <c>/health</c> (ready: all checks) and <c>/alive</c> (live: checks tagged <c>live</c>).</summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.MapHealthChecks(HealthPath);
        app.MapHealthChecks(AlivePath, new HealthCheckOptions { Predicate = check => check.Tags.Contains("live") });
        return app;
    }

    private static void Describe(ResourceBuilder resource, IHostApplicationBuilder builder, PodIdentity? identity)
    {
        if (identity is null)
            return;
        var given = builder.Configuration["OTEL_SERVICE_NAME"];
        var service = string.IsNullOrEmpty(given) ? builder.Environment.ApplicationName.ToLowerInvariant() : given;
        // A dashboard shows SERVICE-INSTANCE: this way it is the Pod's name.
        var instance = identity.Name.StartsWith($"{service}-", StringComparison.Ordinal)
            ? identity.Name[(service.Length + 1)..]
            : identity.Name;
        // The later wins: the environment.
        resource
            .AddService(service, serviceInstanceId: instance)
            .AddAttributes([
                new("k8s.pod.name", identity.Name),
                new("k8s.namespace.name", identity.Namespace),
                new("k8s.node.name", identity.NodeName),
            ])
            .AddEnvironmentVariableDetector();
    }
}
