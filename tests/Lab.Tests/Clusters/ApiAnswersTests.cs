using System.Net;
using System.Text;
using System.Text.Json;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Clusters;

/// <summary>Answers that an API server did not write: they name server and request, and some of them pass.</summary>
public sealed class ApiAnswersTests
{
    private const string Nodes = "http://api.example:6443/api/v1/nodes";
    private const string Proxied = "http://api.example:6443/api/v1/namespaces/a/pods/b:80/proxy/metrics";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("<html>a login page</html>", "HTML")]
    [InlineData("  ", "nothing")]
    [InlineData("hello", "text")]
    [InlineData("""{"items": [{"a": 1""", "JSON that is cut or broken")]
    public async Task What_is_not_an_object_is_named_with_server_and_request(string content, string expected)
    {
        var failure = await Should.ThrowAsync<HttpRequestException>(() =>
            SendAsync(Nodes, TimeSpan.Zero, (HttpStatusCode.OK, content))
        );
        failure.Message.ShouldBe(
            $"the server at http://api.example:6443 answered GET /api/v1/nodes with {expected}, not with Kubernetes' JSON"
        );
        ApiFailures.Describe(failure).ShouldBe(failure.Message);
    }

    [Theory]
    [InlineData(HttpStatusCode.OK, "<html>")]
    [InlineData(HttpStatusCode.TooManyRequests, "{}")]
    [InlineData(HttpStatusCode.ServiceUnavailable, "{}")]
    [InlineData(HttpStatusCode.GatewayTimeout, "<html>")]
    public async Task One_that_passes_is_asked_for_again(HttpStatusCode status, string content) =>
        (await SendAsync(Nodes, TimeSpan.FromSeconds(20), (status, content), (HttpStatusCode.OK, "{}"))).ShouldBe(
            (HttpStatusCode.OK, "{}")
        );

    [Theory]
    [InlineData(Nodes, HttpStatusCode.Forbidden, "<html>")]
    [InlineData(Proxied, HttpStatusCode.ServiceUnavailable, "no endpoints")]
    [InlineData(Proxied, HttpStatusCode.OK, "<html>")]
    [InlineData(Nodes + "?watch=true", HttpStatusCode.OK, "{} {}")]
    public async Task A_refusal_and_what_a_pod_answers_are_left_to_the_caller(
        string url,
        HttpStatusCode status,
        string content
    ) => (await SendAsync(url, TimeSpan.FromSeconds(20), (status, content))).ShouldBe((status, content));

    [Fact]
    public void Which_failures_pass_is_known_in_one_place()
    {
        ApiFailures.MayPass(new JsonException()).ShouldBeTrue();
        ApiFailures.MayPass(new IOException()).ShouldBeTrue();
        ApiFailures.MayPass(new HttpRequestException("connection refused")).ShouldBeTrue();
        ApiFailures.MayPass(Refusal(HttpStatusCode.TooManyRequests, "")).ShouldBeTrue();
        ApiFailures.MayPass(Refusal(HttpStatusCode.InternalServerError, "")).ShouldBeTrue();
        ApiFailures.MayPass(Refusal(HttpStatusCode.Unauthorized, "")).ShouldBeFalse();
        ApiFailures.MayPass(new InvalidOperationException()).ShouldBeFalse();
    }

    [Theory]
    [InlineData("""{"metadata": {}, "message": "request did not complete", "code": 504}""", "request did not complete")]
    [InlineData("""{"kind": "Status", "metadata": {}, "reason": "Timeout"}""", "Timeout")]
    [InlineData("<html><body>504</body></html>", "(HTML)")]
    public void A_refusal_quotes_the_servers_words_and_no_document(string content, string expected) =>
        ApiFailures
            .Describe(Refusal(HttpStatusCode.GatewayTimeout, content))
            .ShouldBe($"the cluster refused GET /api/v1/nodes: 504 {expected}");

    [Fact]
    public async Task What_answers_instead_of_a_pod_is_named_with_the_pod()
    {
        await using var api = await ApiFixture.StartAsync();
        var (client, between) = ApiSwitch.For(api);
        using var _ = client;
        var load = ScenarioCatalog.Load("two-sided-l7").Load;
        await client.CoreV1.CreateNamespaceAsync(
            new V1Namespace { Metadata = new V1ObjectMeta { Name = load.Namespace } },
            cancellationToken: Cancellation
        );
        await client.CoreV1.CreateNamespacedServiceAsync(
            new V1Service
            {
                Metadata = new V1ObjectMeta { Name = load.Service },
                Spec = new V1ServiceSpec { Ports = [new V1ServicePort { Name = "http", Port = 8080 }] },
            },
            load.Namespace,
            cancellationToken: Cancellation
        );
        between.Instead = (_, path) =>
            path.Contains("/proxy/", StringComparison.Ordinal) ? (HttpStatusCode.OK, "<html>")
            : path.TrimEnd('/') == "/api/v1" ? (HttpStatusCode.OK, """{"kind": "APIResourceList", "resources": []}""")
            : null;
        var reader = new ClusterReader(client, load);
        var pod = new BackendPod("b", load.Namespace, "n");
        (await Should.ThrowAsync<HttpRequestException>(() => reader.ScrapeAsync([pod], Cancellation))).Message.ShouldBe(
            "GET /metrics of pod backend/b port 8080 was answered with HTML, not with metrics"
        );
        var loadTest = new LoadTestClient(reader.Proxy, "load-test", "l");
        (await Should.ThrowAsync<HttpRequestException>(() => loadTest.StateAsync(Cancellation))).Message.ShouldMatch(
            "^GET /attack of pod load-test/l port [0-9]+ was answered with HTML, not with an attack's state$"
        );
    }

    private static HttpOperationException Refusal(HttpStatusCode status, string content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Nodes);
        using var response = new HttpResponseMessage(status);
        return new HttpOperationException
        {
            Request = new HttpRequestMessageWrapper(request, ""),
            Response = new HttpResponseMessageWrapper(response, content),
        };
    }

    private static async Task<(HttpStatusCode Status, string Content)> SendAsync(
        string url,
        TimeSpan limit,
        params (HttpStatusCode Status, string Content)[] answers
    )
    {
        using var inner = new Answers(answers);
        using var outage = new OutageHandler(limit, TimeProvider.System) { InnerHandler = inner };
        using var client = new HttpClient(outage);
        using var response = await client.GetAsync(new Uri(url), Cancellation);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation));
    }

    /// <summary>Gives one answer after the other, then the last one.</summary>
    private sealed class Answers((HttpStatusCode Status, string Content)[] answers) : HttpMessageHandler
    {
        private int _next;

        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            var (status, content) = answers[Math.Min(_next++, answers.Length - 1)];
            return Task.FromResult(
                new HttpResponseMessage(status) { Content = new StringContent(content, Encoding.UTF8, "text/plain") }
            );
        }
    }
}
