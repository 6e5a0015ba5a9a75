using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Sockets;
using CiliumDebugging.EmbeddedCluster.Proxy;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Proxy;

/// <summary>One node proxy on a real connection, with an upstream of the test's own in place of the network.</summary>
public class NodeProxyTests
{
    [Fact]
    public async Task A_5xx_is_replayed_three_times_with_its_body_and_the_last_answer_is_the_answer()
    {
        await using var proxy = await ProxyFixture.StartAsync((_, _) => Answer(500, "broken"));
        var answer = await proxy.SendAsync("POST", "/echo", "foo");
        answer.ShouldStartWith("HTTP/1.1 500 ");
        answer.ShouldEndWith("broken");
        proxy.Upstream.Select(r => r.Body).ShouldBe(["foo", "foo", "foo", "foo"]);
        proxy.Counted("hubble_http_requests_total").ShouldBe(1);
        proxy.Counted("hubble_http_responses_total", "500").ShouldBe(1);
    }

    [Fact]
    public async Task An_answer_after_a_5xx_is_all_the_client_and_hubble_see()
    {
        await using var proxy = await ProxyFixture.StartAsync(
            (_, attempt) => attempt < 2 ? Answer(503, "wait") : Answer(200, "fine")
        );
        var answer = await proxy.SendAsync("POST", "/echo", "foo");
        answer.ShouldStartWith("HTTP/1.1 200 ");
        answer.ShouldEndWith("fine");
        proxy.Upstream.Count.ShouldBe(3);
        proxy.Counted("hubble_http_responses_total", "200").ShouldBe(1);
        proxy.Counted("hubble_http_responses_total", "503").ShouldBe(0);
    }

    [Theory]
    [InlineData(
        "ConnectionFailure",
        4,
        "upstream connect error or disconnect/reset before headers. reset reason: connection failure"
    )]
    [InlineData("Overflow", 1, "upstream connect error or disconnect/reset before headers. reset reason: overflow")]
    [InlineData("AddressNotAvailable", 4, "immediate connect error: Cannot assign requested address")]
    public async Task Without_an_upstream_connection_the_answer_is_envoys_503_and_an_overflow_is_not_repeated(
        string reason,
        int attempts,
        string body
    )
    {
        await using var proxy = await ProxyFixture.StartAsync(
            (_, _) =>
                throw new HttpRequestException(
                    "no",
                    new UpstreamFailureException(Enum.Parse<UpstreamFailureReason>(reason))
                )
        );
        var answer = await proxy.SendAsync("POST", "/echo", "foo");
        answer.ShouldStartWith("HTTP/1.1 503 ");
        answer.ShouldContain("\r\nServer: envoy\r\n");
        answer.ShouldNotContain("X-Pod");
        answer.ShouldEndWith(body);
        answer.Contains("\r\nx-envoy-overloaded: true\r\n", StringComparison.Ordinal).ShouldBe(attempts == 1);
        proxy.Upstream.Count.ShouldBe(attempts);
        proxy.Counted("envoy_cluster_upstream_rq_total").ShouldBe(attempts);
        proxy.Counted("envoy_cluster_upstream_rq_retry").ShouldBe(attempts - 1);
        proxy.Counted("hubble_http_requests_total").ShouldBe(1);
        proxy.Counted("hubble_http_responses_total", "503").ShouldBe(1);
    }

    [Fact]
    public async Task A_denied_request_reaches_nobody_and_counts_as_a_request_without_a_response()
    {
        await using var proxy = await ProxyFixture.StartAsync((_, _) => Answer(200, "fine"));
        var answer = await proxy.SendAsync("DELETE", "/echo", "");
        answer.ShouldStartWith("HTTP/1.1 403 ");
        answer.ShouldEndWith("\r\n\r\nAccess denied\r\n");
        proxy.Upstream.ShouldBeEmpty();
        proxy.Counted("hubble_http_requests_total").ShouldBe(1);
        proxy.Counted("hubble_http_responses_total").ShouldBe(0);
        // The connection is kept.
        (await proxy.SendAsync("GET", "/echo", "")).ShouldStartWith("HTTP/1.1 200 ");
    }

    [Theory]
    [InlineData("/echo?x=%2F&y=a%20b")]
    [InlineData("/a%2Fb/../c//d")]
    public async Task Target_and_host_are_passed_on_byte_for_byte(string target)
    {
        await using var proxy = await ProxyFixture.StartAsync((_, _) => Answer(200, "fine"));
        await proxy.SendAsync("POST", target, "foo");
        var request = proxy.Upstream.ShouldHaveSingleItem();
        request.Target.ShouldBe("http://upstream" + target);
        request.Host.ShouldBe("backend-1.backend:8080");
    }

    [Fact]
    public async Task A_body_larger_than_envoys_buffer_is_sent_once()
    {
        await using var proxy = await ProxyFixture.StartAsync((_, _) => Answer(500, "broken"));
        (await proxy.SendAsync("POST", "/echo", new string('x', 1024 * 1024 + 1))).ShouldStartWith("HTTP/1.1 500 ");
        proxy.Upstream.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Closing_the_clients_connection_gives_its_socket_back()
    {
        var proxy = await ProxyFixture.StartAsync((_, _) => Answer(200, "fine"));
        await using var _ = proxy;
        await proxy.SendAsync("GET", "/echo", "");
        proxy.Sockets.Count.ShouldBe(1);
        proxy.CloseClient();
        await CiliumDebugging.Testing.Eventually.HoldsAsync("the socket is given back", () => proxy.Sockets.Count == 0);
    }

    [Fact]
    public void Three_retries_and_1024_pending_requests_have_room_at_once()
    {
        var cluster = new CircuitBreaker();
        Enumerable.Range(0, 10).Count(_ => cluster.TryStartRetry(3)).ShouldBe(3);
        cluster.EndRetry();
        Enumerable.Range(0, 10).Count(_ => cluster.TryStartRetry(3)).ShouldBe(1);
        Enumerable.Range(0, 2_000).Count(_ => cluster.TryStartPending(1_024)).ShouldBe(1_024);
        cluster.EndPending();
        cluster.TryStartPending(1_024).ShouldBeTrue();
        cluster.TryStartPending(1_024).ShouldBeFalse();
    }

    [Fact]
    public void Places_are_given_back_whatever_the_threads_do()
    {
        var cluster = new CircuitBreaker();
        var (most, now) = (0, 0);
        Parallel.For(0, 50_000, _ =>
        {
            if (!cluster.TryStartRetry(3))
                return;
            var running = Interlocked.Increment(ref now);
            if (running > Volatile.Read(ref most))
                Volatile.Write(ref most, running);
            Interlocked.Decrement(ref now);
            cluster.EndRetry();
        });
        most.ShouldBeInRange(1, 3);
        Enumerable.Range(0, 10).Count(_ => cluster.TryStartRetry(3)).ShouldBe(3);
    }

    [Fact]
    public async Task Without_a_listener_the_trace_context_is_passed_on_as_it_came()
    {
        const string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        await using var proxy = await ProxyFixture.StartAsync((_, _) => Answer(200, "fine"));
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
            (_, attempt) => attempt < 1 ? Answer(503, "wait") : Answer(200, "fine")
        );

        await proxy.SendAsync("POST", "/echo", "foo", $"traceparent: 00-{trace}-{client}-01\r\n");

        await CiliumDebugging.Testing.Eventually.HoldsAsync("the span has ended", () => !spans.IsEmpty);
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

    private static HttpResponseMessage Answer(int status, string body)
    {
        var content = new StringContent(body);
        content.Headers.ContentLength = body.Length;
        return new HttpResponseMessage((HttpStatusCode)status) { Content = content };
    }

    /// <summary>The proxy server with one client connection redirected to it, under the seed's ingress policy.</summary>
    private sealed class ProxyFixture : IAsyncDisposable
    {
        private readonly NodeProxyServer _server;
        private readonly Socket _client;
        private readonly NodeProxy _proxy = new("n1");

        private ProxyFixture(NodeProxyServer server, Socket client) => (_server, _client) = (server, client);

        public ConcurrentQueue<(string Method, string Target, string? Host, string Body)> Upstream { get; } = new();

        public ConcurrentQueue<Dictionary<string, string>> Headers { get; } = new();

        public SocketTable Sockets { get; } = new();

        public static async Task<ProxyFixture> StartAsync(Func<HttpRequestMessage, int, HttpResponseMessage> upstream)
        {
            using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen(1);
            var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken);
            var accepted = await listener.AcceptAsync(TestContext.Current.CancellationToken);
            var fixture = new ProxyFixture(
                await NodeProxyServer.StartAsync(
                    TimeProvider.System,
                    new Random(1),
                    TestContext.Current.CancellationToken
                ),
                client
            );
            await fixture.RedirectAsync(accepted, upstream);
            return fixture;
        }

        private async Task RedirectAsync(Socket accepted, Func<HttpRequestMessage, int, HttpResponseMessage> upstream)
        {
            var lab = new CiliumDebugging.Testing.PolicyLab(
                CiliumDebugging.Testing.PolicyLab.Backends(
                    """
                      ingress:
                        - toPorts: [{ports: [{port: "8080", protocol: TCP}], rules: {http: [{method: GET}, {method: POST}]}}]
                    """
                )
            );
            var node = new NodeDatapath("n1", 1, new CiliumConfig(), Sockets);
            var (source, destination) = (
                new PodEntry("load-test", "l", "n2", 2, "1", lab.LoadTest),
                new PodEntry("backend", "b", "n1", 3, "2", lab.Backend)
            );
            var wire = new FourTuple(new TcpEndpoint(2, 40_001), new TcpEndpoint(3, 8080));
            var rules = lab.Ingress(lab.LoadTest).Http;
            var ends = SocketEnds.AcceptedFrom(wire);
            Sockets.Accept(ends);
            var hop = new Hop
            {
                Action = HopAction.ToIngressProxy,
                Source = source,
                Destination = destination,
                Client = wire.Source,
                Wire = wire,
                HttpRules = rules,
                Node = node,
            };
            var proxied = new ProxiedConnection(
                hop,
                new SocketHold(Sockets, ends),
                new HttpMessageInvoker(new Handler(this, upstream)),
                _proxy
            );
            await _server.Listener.RedirectAsync(accepted, proxied, TestContext.Current.CancellationToken);
        }

        public async Task<string> SendAsync(string method, string target, string body, string headers = "")
        {
            await _client.SendAsync(
                Encoding.ASCII.GetBytes(
                    $"{method} {target} HTTP/1.1\r\nHost: backend-1.backend:8080\r\nContent-Length: {body.Length}\r\n{headers}\r\n{body}"
                ),
                SocketFlags.None,
                TestContext.Current.CancellationToken
            );
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(10));
            var (answer, buffer) = (new StringBuilder(), new byte[4096]);
            while (!IsComplete(answer.ToString()))
            {
                var count = await _client.ReceiveAsync(buffer, SocketFlags.None, limit.Token);
                if (count == 0)
                    throw new IOException($"the connection ended after: {answer}");
                answer.Append(Encoding.ASCII.GetString(buffer, 0, count));
            }
            return answer.ToString();
        }

        private static bool IsComplete(string answer)
        {
            const string length = "Content-Length: ";
            var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
                return false;
            var at = answer.IndexOf(length, StringComparison.Ordinal) + length.Length;
            return answer.Length - end - 4
                >= int.Parse(answer[at..answer.IndexOf('\r', at)], System.Globalization.CultureInfo.InvariantCulture);
        }

        public double Counted(string metric, string? status = null) =>
            PrometheusSamples
                .Parse(_proxy.Hubble.Render())
                .Where(s => s.Name == metric && (status is null || s["status"] == status))
                .Sum(s => s.Value);

        public void CloseClient() => _client.Dispose();

        public async ValueTask DisposeAsync()
        {
            _client.Dispose();
            await _server.DisposeAsync();
        }

        private sealed class Handler(ProxyFixture fixture, Func<HttpRequestMessage, int, HttpResponseMessage> answer)
            : HttpMessageHandler
        {
            protected override async Task<HttpResponseMessage> SendAsync(
                HttpRequestMessage request,
                CancellationToken cancellationToken
            )
            {
                var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
                fixture.Upstream.Enqueue(
                    (request.Method.Method, request.RequestUri!.OriginalString, request.Headers.Host, body)
                );
                fixture.Headers.Enqueue(
                    request.Headers.NonValidated.ToDictionary(
                        h => h.Key,
                        h => h.Value.ToString(),
                        StringComparer.OrdinalIgnoreCase
                    )
                );
                return answer(request, fixture.Upstream.Count - 1);
            }
        }
    }
}
