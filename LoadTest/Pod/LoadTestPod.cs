using CiliumDebugging.LoadTest.Attack.Telemetry;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Pods;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace CiliumDebugging.LoadTest.Pod;

/// <summary>The program as a Pod: waits for orders.</summary>
public static class LoadTestPod
{
    /// <summary>Runs until the Pod is deleted or the process is stopped.</summary>
    public static async Task RunAsync(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        var pod = builder.JoinPodNetwork(LoadTestPorts.Control);
        // Telemetry alone: an HTTP client that retries by itself would falsify what is measured.
        // It serves orders, their state and the record stream: none of them is a trace.
        builder.ConfigureOpenTelemetry(pod, tracesRequests: false);
        builder
            .Services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddSource(RequestTracer.SourceName))
            .WithMetrics(metrics => metrics.AddMeter(RequestMetrics.MeterName));
        builder.Services.AddHealthChecks();
        builder.Services.AddSingleton(services => new TargetResolver(services.GetService<PodSandbox>()));
        builder.Services.AddSingleton(services => new AttackSlot(
            services.GetRequiredService<TargetResolver>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetService<PodSandbox>()
        ));
        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapAttack();
        await app.RunAsync();
    }
}
