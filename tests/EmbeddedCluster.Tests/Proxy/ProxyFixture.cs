using System.Collections.Concurrent;
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
using Microsoft.Extensions.Logging.Abstractions;

namespace CiliumDebugging.EmbeddedCluster.Tests.Proxy;

/// <summary>
/// The proxy server with one client connection redirected to it, under the ingress policy of the original report.
/// </summary>
internal sealed class ProxyFixture : IAsyncDisposable
{
    private readonly NodeProxyServer _server;
    private readonly Socket _client;
    private readonly NodeProxy _proxy = new("n1");

    private ProxyFixture(NodeProxyServer server, Socket client) => (_server, _client) = (server, client);

    public ConcurrentQueue<(string Method, string Target, string? Host, string Body)> Upstream { get; } = new();

    public ConcurrentQueue<Dictionary<string, string>> Headers { get; } = new();

    public SocketTable Sockets { get; } = new();

    public static async Task<ProxyFixture> StartAsync(
        Func<HttpRequestMessage, int, HttpResponseMessage> upstream,
        string release = "1.9.0"
    )
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
                NullLoggerFactory.Instance,
                TestContext.Current.CancellationToken
            ),
            client
        );
        await fixture.RedirectAsync(accepted, upstream, release);
        return fixture;
    }

    private async Task RedirectAsync(
        Socket accepted,
        Func<HttpRequestMessage, int, HttpResponseMessage> upstream,
        string release
    )
    {
        var lab = new PolicyLab(
            PolicyLab.Backends(
                """
                  ingress:
                    - toPorts:
                        - ports: [{port: "8080", protocol: TCP}]
                          rules: {http: [{method: GET}, {method: POST}]}
                """
            )
        );
        var node = new NodeDatapath(
            "n1",
            1,
            CiliumConfig.Parse([KeyValuePair.Create("sandbox-cilium-version", release)]),
            Sockets
        );
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
                $"{method} {target} HTTP/1.1\r\nHost: backend-1.backend:8080\r\n"
                    + $"Content-Length: {body.Length}\r\n{headers}\r\n{body}"
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

    /// <summary>A response of the upstream.</summary>
    public static HttpResponseMessage Answer(int status, string body)
    {
        var content = new StringContent(body);
        content.Headers.ContentLength = body.Length;
        return new HttpResponseMessage((HttpStatusCode)status) { Content = content };
    }

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
