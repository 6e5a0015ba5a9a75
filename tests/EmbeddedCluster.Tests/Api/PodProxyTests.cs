using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Requests;
using CiliumDebugging.Testing;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api;

public sealed class PodProxyTests
{
    [Fact]
    public async Task Requests_reach_the_pod_streamed_and_without_the_token()
    {
        using var pod = new FakePod();
        await using var api = await ApiFixture.StartAsync(pod);
        Run(api, "p");
        using var request = new HttpRequestMessage(
            HttpMethod.Post,
            "/api/v1/namespaces/default/pods/p:9000/proxy/echo/a%20b?x=1"
        )
        {
            Content = new StringContent("body"),
        };
        using var response = await api.Http.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var first = new byte[5];
        await stream.ReadExactlyAsync(first, TestContext.Current.CancellationToken);
        Encoding.ASCII.GetString(first).ShouldBe("first");
        pod.ReleaseSecondPart.SetResult();
        (await new StreamReader(stream).ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldBe("second");
        pod.Dialled.ShouldBe(("default", "p", 9000));
        pod.Head.ShouldStartWith("POST /echo/a%20b?x=1 HTTP/1.1");
        pod.Head.ShouldNotContain(ApiFixture.Token);
    }

    [Fact]
    public async Task An_absent_pod_is_404_one_not_running_or_not_answering_is_503()
    {
        using var pod = new FakePod { Refuses = true };
        await using var api = await ApiFixture.StartAsync(pod);
        (await api.SendAsync("GET", "/api/v1/namespaces/default/pods/p/proxy/")).Code.ShouldBe(404);
        Run(api, "p", phase: "Pending");
        (await api.SendAsync("GET", "/api/v1/namespaces/default/pods/p/proxy/")).Code.ShouldBe(503);
        Run(api, "q");
        var (code, json) = await api.SendAsync("GET", "/api/v1/namespaces/default/pods/q/proxy/x");
        code.ShouldBe(503);
        json!["reason"]!.GetValue<string>().ShouldBe("ServiceUnavailable");
    }

    [Fact]
    public async Task A_pod_that_cannot_be_reached_is_reported_to_the_client_and_leaves_no_stack_in_the_log()
    {
        using var pod = new FakePod { Refuses = true };
        using var log = new WarningLog();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(log));
        await using var api = await ApiFixture.StartAsync(pod, loggers: loggers);
        Run(api, "q");
        var (code, json) = await api.SendAsync("GET", "/api/v1/namespaces/default/pods/q/proxy/x");
        (code, json!["message"]!.GetValue<string>()).ShouldBe(
            (503, "error trying to reach service: port 8080 of pod q: connection refused")
        );
        log.Lines.ShouldBeEmpty();
    }

    private static void Run(ApiFixture api, string name, string phase = "Running")
    {
        api.Store.Create(
                ResourceKinds.Pods,
                "default",
                ApiFixture.Object(
                    $$"""
                    {"metadata":{"name":"{{name}}"},
                    "spec":{"containers":[{"name":"c","image":"i","ports":[{"containerPort":8080}]}]} }
                    """
                )
            )
            .OrThrow();
        api.Store.Update(
                ResourceKinds.Pods,
                "default",
                name,
                new JsonObject { ["status"] = new JsonObject { ["phase"] = phase } },
                status: true
            )
            .OrThrow();
    }

    private sealed class FakePod : IPodProxy, IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public FakePod() => _listener.Start();

        public bool Refuses { get; init; }

        public (string, string, int) Dialled { get; private set; }

        public string Head { get; private set; } = "";

        public TaskCompletionSource ReleaseSecondPart { get; } = new();

        public async Task<Stream> ConnectAsync(string ns, string podName, int port, CancellationToken cancellationToken)
        {
            if (Refuses)
                throw new IOException("connection refused");
            Dialled = (ns, podName, port);
            var client = new TcpClient();
            await client.ConnectAsync((IPEndPoint)_listener.LocalEndpoint, cancellationToken);
            _ = ServeAsync(await _listener.AcceptTcpClientAsync(cancellationToken));
            return client.GetStream();
        }

        public void Dispose() => _listener.Dispose();

        private async Task ServeAsync(TcpClient client)
        {
            using (client)
            {
                var stream = client.GetStream();
                var buffer = new byte[4096];
                while (!Head.EndsWith("body", StringComparison.Ordinal))
                    Head += Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer));
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nfirst"u8.ToArray());
                await ReleaseSecondPart.Task;
                await stream.WriteAsync("second"u8.ToArray());
            }
        }
    }
}
