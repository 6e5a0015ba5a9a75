using System.Collections.Concurrent;
using System.Diagnostics;
using CiliumDebugging.EmbeddedCluster.Proxy;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Proxy;

public class ProxyTracingTests
{
    [Fact]
    public async Task Without_a_listener_the_trace_context_is_passed_on_as_it_came()
    {
        const string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        await using var proxy = await ProxyFixture.StartAsync((_, _) => ProxyFixture.Answer(200, "fine"));
        await proxy.SendAsync("POST", "/echo", "foo", $"traceparent: {parent}\r\ntracestate: a=1\r\nbaggage: k=v\r\n");
        var headers = proxy.Headers.ShouldHaveSingleItem();
        headers["tracestate"].ShouldBe("a=1");
        headers["baggage"].ShouldBe("k=v");
        ActivityContext
            .Parse(headers["traceparent"], null)
            .TraceId.ToHexString()
            .ShouldBe("0af7651916cd43dd8448eb211c80319c");
    }

    [Fact]
    public async Task A_pass_is_a_span_between_the_clients_and_the_next_with_status_pod_and_node()
    {
        var (trace, client) = (ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom());
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == ProxyTracing.SourceName("n1"),
            Sample = (ref options) =>
                options.TraceId == trace ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var proxy = await ProxyFixture.StartAsync(
            (_, attempt) => attempt < 1 ? ProxyFixture.Answer(503, "wait") : ProxyFixture.Answer(200, "fine")
        );
        await proxy.SendAsync("POST", "/echo", "foo", $"traceparent: 00-{trace}-{client}-01\r\n");

        await Eventually.HoldsAsync("the span has ended", () => !spans.IsEmpty);
        var span = spans.ShouldHaveSingleItem();
        span.ParentSpanId.ShouldBe(client);
        span.DisplayName.ShouldBe("ingress proxy POST backend-1");
        span.GetTagItem("http.response.status_code").ShouldBe(200);
        span.GetTagItem("http.request.resend_count").ShouldBe(1);
        span.GetTagItem("k8s.node.name").ShouldBe("n1");
        span.GetTagItem("k8s.pod.name").ShouldBe("b");
        await proxy.SendAsync("GET", "/metrics", "", $"traceparent: 00-{trace}-{client}-01\r\n"); // a scrape
        spans.Count.ShouldBe(1);
        proxy
            .Headers.Take(2)
            .Select(h => ActivityContext.Parse(h["traceparent"], null))
            .ShouldAllBe(c =>
                c.TraceId == trace && c.SpanId == span.SpanId && c.TraceFlags == ActivityTraceFlags.Recorded
            );
    }
}
