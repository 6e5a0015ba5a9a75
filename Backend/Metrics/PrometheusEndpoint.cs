using System.Text;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.Backend.Metrics;

/// <summary><c>/metrics</c> for Prometheus. The names are those of the original report, without <c>_total</c>; the
/// labels app, version and kubernetes_pod_name come from the scrape's relabelling, as there.</summary>
internal static class PrometheusEndpoint
{
    /// <summary>Maps <c>/metrics</c>.</summary>
    public static void MapPrometheus(this WebApplication app)
    {
        var counters = app.Services.GetRequiredService<RequestCounters>();
        app.MapGet("/metrics", context =>
        {
            context.Response.ContentType = PrometheusText.ContentType;
            return context.Response.WriteAsync(Render(counters), context.RequestAborted);
        });
    }

    private static string Render(RequestCounters counters)
    {
        var text = new StringBuilder();
        foreach (var (path, count) in new[] { ("echo", counters.Echo), ("a", counters.A), ("b", counters.B) })
            text.AppendFamily($"{path}_requests", "counter", $"Requests to /{path} answered by this pod.")
                .AppendSample($"{path}_requests", count);
        return text.ToString();
    }
}
