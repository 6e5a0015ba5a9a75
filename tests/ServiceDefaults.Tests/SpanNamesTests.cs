using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace CiliumDebugging.ServiceDefaults.Tests;

public sealed class SpanNamesTests
{
    [Theory]
    [InlineData("backend-1", "POST backend-1")]
    [InlineData("backend-1.backend:8080", "POST backend-1")]
    [InlineData("backend-1.backend.svc.cluster.local:8080", "POST backend-1")]
    [InlineData("127.64.2.2:8080", "POST 127.64.2.2")]
    [InlineData("[::1]:8080", "POST [::1]")]
    [InlineData("[::1]", "POST [::1]")]
    [InlineData("www.example.com", "POST www.example.com")]
    [InlineData("", "POST")]
    public void A_span_is_named_after_method_and_service(string host, string name) =>
        SpanNames.Of("POST", host).ShouldBe(name);

    [Fact]
    public async Task Scrapes_health_checks_and_unsampled_requests_make_no_spans()
    {
        var spans = await RunAsync(
            tracesRequests: true,
            Get("/metrics"),
            Get("/health"),
            Get("/alive", sampled: true),
            Get("/echo", sampled: false),
            Get("/echo")
        );
        spans.ShouldHaveSingleItem().GetTagItem("url.path").ShouldBe("/echo");
    }

    [Fact]
    public async Task A_process_of_control_traffic_alone_makes_no_spans_of_requests() =>
        (await RunAsync(tracesRequests: false, Get("/attack"), Get("/attack", sampled: true))).ShouldBeEmpty();

    private static HttpRequestMessage Get(string path, bool? sampled = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (sampled is { } flag)
            request.Headers.Add(
                "traceparent",
                $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-0{(flag ? 1 : 0)}"
            );
        return request;
    }

    private static async Task<IReadOnlyCollection<Activity>> RunAsync(
        bool tracesRequests,
        params HttpRequestMessage[] requests
    )
    {
        var spans = new ConcurrentQueue<Activity>();
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration[OtlpTarget.Variable] = "http://127.0.0.1:9";
        builder.ConfigureOpenTelemetry(tracesRequests: tracesRequests);
        builder.Services.ConfigureOpenTelemetryTracerProvider(tracing =>
            tracing.AddProcessor(new SimpleActivityExportProcessor(new Kept(spans)))
        );
        await using (var app = builder.Build())
        {
            app.MapFallback(() => "fine");
            await app.StartAsync(TestContext.Current.CancellationToken);
            using var client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null })
            {
                BaseAddress = new Uri(app.Urls.Single()),
            };
            foreach (var request in requests)
                using (await client.SendAsync(request, TestContext.Current.CancellationToken))
                    request.Dispose();
            // A span ends after its answer was sent; stopping waits for it.
            await app.StopAsync(TestContext.Current.CancellationToken);
        }
        return [.. spans.Where(s => s.Kind is ActivityKind.Server)];
    }

    private sealed class Kept(ConcurrentQueue<Activity> spans) : BaseExporter<Activity>
    {
        public override ExportResult Export(in Batch<Activity> batch)
        {
            foreach (var span in batch)
                spans.Enqueue(span);
            return ExportResult.Success;
        }
    }
}
