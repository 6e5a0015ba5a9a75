using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CiliumDebugging.Backend.Tests;

public sealed class EchoTests(BackendProcess backend) : IClassFixture<BackendProcess>
{
    private HttpClient Client => backend.Client;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_post_to_echo_answers_its_body_and_the_pod()
    {
        using var answer = await Client.PostAsync("/echo", new StringContent("foo"), Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await answer.Content.ReadAsStringAsync(Cancel)).ShouldBe($"host={BackendProcess.PodName} body=foo");
        answer.Headers.GetValues("X-Pod").ShouldBe([BackendProcess.PodName]);
        answer.Headers.GetValues("X-Node").ShouldBe([BackendProcess.NodeName]);
    }

    [Theory]
    [InlineData("/echo", $"host={BackendProcess.PodName} body=")]
    [InlineData("/a", $"host={BackendProcess.PodName}")]
    [InlineData("/b", $"host={BackendProcess.PodName}")]
    public async Task A_get_answers_the_pod(string path, string expected) =>
        (await Client.GetStringAsync(path, Cancel)).ShouldBe(expected);

    [Fact]
    public async Task A_status_that_is_asked_for_is_answered_and_the_request_counted()
    {
        var before = await CountAsync("echo_requests");

        using var failed = await Client.PostAsync("/echo?status=503", new StringContent("foo"), Cancel);
        using var refused = await Client.PostAsync("/echo?status=many", new StringContent("foo"), Cancel);

        failed.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await failed.Content.ReadAsStringAsync(Cancel)).ShouldBe($"host={BackendProcess.PodName} body=foo");
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await CountAsync("echo_requests")).ShouldBe(before + 1);
    }

    [Theory]
    [InlineData(HttpStatusCode.NoContent)]
    [InlineData(HttpStatusCode.ResetContent)]
    [InlineData(HttpStatusCode.NotModified)]
    public async Task A_status_that_has_no_body_is_answered_without_one(HttpStatusCode status)
    {
        using var answer = await Client.PostAsync($"/echo?status={(int)status}", new StringContent("foo"), Cancel);

        answer.StatusCode.ShouldBe(status);
        (await answer.Content.ReadAsStringAsync(Cancel)).ShouldBeEmpty();
        answer.Headers.GetValues("X-Pod").ShouldBe([BackendProcess.PodName]);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/alive")]
    public async Task The_pod_is_healthy(string path) =>
        (await Client.GetStringAsync(path, Cancel)).ShouldBe("Healthy");

    [Fact]
    public async Task A_body_of_one_mebibyte_is_echoed_whole()
    {
        var body = new string('x', 1024 * 1024);

        using var answer = await Client.PostAsync("/echo", new StringContent(body, Encoding.ASCII), Cancel);

        (await answer.Content.ReadAsStringAsync(Cancel)).ShouldEndWith(body);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_larger_body_is_answered_413_and_not_counted(bool chunked)
    {
        var before = await CountAsync("echo_requests");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/echo")
        {
            Content = new ByteArrayContent(new byte[(1024 * 1024) + 1]),
        };
        request.Headers.TransferEncodingChunked = chunked;
        // Without it, the answer that comes before the body is sent can be lost to the server's reset.
        request.Headers.ExpectContinue = true;

        using var answer = await Client.SendAsync(request, Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await CountAsync("echo_requests")).ShouldBe(before);
    }

    [Fact]
    public async Task Each_endpoint_counts_its_own_requests_under_the_seeds_names()
    {
        var (echo, a, b) = (
            await CountAsync("echo_requests"),
            await CountAsync("a_requests"),
            await CountAsync("b_requests")
        );
        for (var i = 0; i < 3; i++)
            await Client.GetStringAsync("/echo", Cancel);
        for (var i = 0; i < 2; i++)
            await Client.GetStringAsync("/a", Cancel);
        await Client.GetStringAsync("/b", Cancel);

        (await CountAsync("echo_requests")).ShouldBe(echo + 3);
        (await CountAsync("a_requests")).ShouldBe(a + 2);
        (await CountAsync("b_requests")).ShouldBe(b + 1);
    }

    [Fact]
    public async Task Http_2_with_prior_knowledge_is_answered_on_the_same_port_and_counted_alike()
    {
        var before = await CountAsync("echo_requests");
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 50)
                .Select(async i =>
                {
                    using var request = new HttpRequestMessage(HttpMethod.Post, $"/echo{(i == 0 ? "?status=503" : "")}")
                    {
                        Version = HttpVersion.Version20,
                        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                        Content = new StringContent($"foo {i}"),
                    };
                    using var answer = await Client.SendAsync(request, Cancel);
                    answer.Version.ShouldBe(HttpVersion.Version20);
                    answer.Headers.GetValues("X-Pod").ShouldBe([BackendProcess.PodName]);
                    (await answer.Content.ReadAsStringAsync(Cancel)).ShouldEndWith($" body=foo {i}");
                    return answer.StatusCode;
                })
        );

        answers.Count(status => status is HttpStatusCode.OK).ShouldBe(49);
        answers[0].ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await CountAsync("echo_requests")).ShouldBe(before + 50);
    }

    /// <summary>Whatever a connection begins with, and in whatever pieces it comes, it is HTTP/1.1 or
    /// HTTP/2.</summary>
    [Theory]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true)]
    [InlineData("PRI /echo HTTP/1.1\r\nHost: a\r\n\r\n", false)]
    [InlineData("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false)]
    public async Task A_connection_is_recognised_byte_by_byte(string begin, bool isHttp2)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
        };
        await socket.ConnectAsync(IPAddress.Loopback, Client.BaseAddress!.Port, Cancel);
        foreach (var piece in Encoding.ASCII.GetBytes(begin).Chunk(1))
            await socket.SendAsync(piece, Cancel);
        if (isHttp2)
            await socket.SendAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 }, Cancel);
        var answer = new byte[9];
        (await socket.ReceiveAsync(answer, Cancel)).ShouldBe(9);
        // A SETTINGS frame on stream 0, or a status line.
        (answer[3] == 4 && answer[4] == 0).ShouldBe(isHttp2);
        Encoding.ASCII.GetString(answer).StartsWith("HTTP/1.1 ", StringComparison.Ordinal).ShouldBe(!isHttp2);
    }

    [Fact]
    public async Task The_metrics_are_prometheus_text()
    {
        using var answer = await Client.GetAsync("/metrics", Cancel);

        answer.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; version=0.0.4; charset=utf-8");
        (await answer.Content.ReadAsStringAsync(Cancel)).ShouldContain("# TYPE echo_requests counter\n");
    }

    private async Task<long> CountAsync(string metric)
    {
        var lines = (await Client.GetStringAsync("/metrics", Cancel)).Split('\n');
        return long.Parse(
            lines.Single(l => l.StartsWith(metric + " ", StringComparison.Ordinal)).Split(' ')[1],
            CultureInfo.InvariantCulture
        );
    }
}
