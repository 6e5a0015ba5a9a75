using System.Globalization;

namespace CiliumDebugging.Backend.Metrics;

/// <summary>
/// <c>/metrics</c> in the Prometheus text format 0.0.4. The names are the seed's own, without <c>_total</c>; the labels app, version and
/// kubernetes_pod_name come from the scrape's relabelling, as there.
/// </summary>
public static class PrometheusEndpoint
{
    /// <summary>Maps <c>/metrics</c>.</summary>
    public static void MapPrometheus(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var counters = app.Services.GetRequiredService<RequestCounters>();
        app.MapGet("/metrics", (HttpContext context) =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            return context.Response.WriteAsync(Render(counters), context.RequestAborted);
        });
    }

    private static string Render(RequestCounters counters) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"""
            # HELP echo_requests Requests to /echo answered by this pod.
            # TYPE echo_requests counter
            echo_requests {counters.Echo}
            # HELP a_requests Requests to /a answered by this pod.
            # TYPE a_requests counter
            a_requests {counters.A}
            # HELP b_requests Requests to /b answered by this pod.
            # TYPE b_requests counter
            b_requests {counters.B}

            """
        );
}
