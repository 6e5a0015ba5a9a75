using CiliumDebugging.EmbeddedCluster.Proxy;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Proxy;

/// <summary>One node proxy on a real connection, with an upstream of the test's own in place of the network.</summary>
public class NodeProxyTests
{
    [Fact]
    public async Task A_5xx_is_replayed_three_times_with_its_body_and_the_last_answer_is_the_answer()
    {
        await using var proxy = await ProxyFixture.StartAsync((_, _) => ProxyFixture.Answer(500, "broken"));
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
            (_, attempt) => attempt < 2 ? ProxyFixture.Answer(503, "wait") : ProxyFixture.Answer(200, "fine")
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

    /// <summary>Since 1.13 Hubble counts the 403 as a response, too.</summary>
    [Theory]
    [InlineData("1.9.0", 0)]
    [InlineData("1.12.9", 0)]
    [InlineData("1.13.0", 1)]
    [InlineData("1.19.4", 1)]
    public async Task A_denied_request_reaches_no_upstream_and_counts_as_its_release_counts_it(
        string release,
        int responses
    )
    {
        await using var proxy = await ProxyFixture.StartAsync((_, _) => ProxyFixture.Answer(200, "fine"), release);
        var answer = await proxy.SendAsync("DELETE", "/echo", "");
        answer.ShouldStartWith("HTTP/1.1 403 ");
        answer.ShouldEndWith("\r\n\r\nAccess denied\r\n");
        proxy.Upstream.ShouldBeEmpty();
        proxy.Counted("hubble_http_requests_total").ShouldBe(1);
        proxy.Counted("hubble_http_responses_total", "403").ShouldBe(responses);
        // The connection is kept.
        (await proxy.SendAsync("GET", "/echo", "")).ShouldStartWith("HTTP/1.1 200 ");
    }

    [Fact]
    public async Task From_1_11_on_paths_are_normalised_and_escaped_slashes_redirected()
    {
        await using var proxy = await ProxyFixture.StartAsync((_, _) => ProxyFixture.Answer(200, "fine"), "1.11.0");
        (await proxy.SendAsync("GET", "/a/./b/..//c?d=//", "")).ShouldStartWith("HTTP/1.1 200 ");
        proxy.Upstream.ShouldHaveSingleItem().Target.ShouldBe("http://upstream/a/c?d=//");
        var redirect = await proxy.SendAsync("GET", "/a%2fb?c", "");
        redirect.ShouldStartWith("HTTP/1.1 307 ");
        redirect.ShouldContain("Location: /a/b?c\r\n");
        proxy.Upstream.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("/echo?x=%2F&y=a%20b")]
    [InlineData("/a%2Fb/../c//d")]
    public async Task Target_and_host_are_passed_on_byte_for_byte(string target)
    {
        await using var proxy = await ProxyFixture.StartAsync((_, _) => ProxyFixture.Answer(200, "fine"));
        await proxy.SendAsync("POST", target, "foo");
        var request = proxy.Upstream.ShouldHaveSingleItem();
        request.Target.ShouldBe("http://upstream" + target);
        request.Host.ShouldBe("backend-1.backend:8080");
    }

    [Fact]
    public async Task A_body_larger_than_envoys_buffer_is_sent_once()
    {
        await using var proxy = await ProxyFixture.StartAsync((_, _) => ProxyFixture.Answer(500, "broken"));
        (await proxy.SendAsync("POST", "/echo", new string('x', 1024 * 1024 + 1))).ShouldStartWith("HTTP/1.1 500 ");
        proxy.Upstream.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Closing_the_clients_connection_gives_its_socket_back()
    {
        var proxy = await ProxyFixture.StartAsync((_, _) => ProxyFixture.Answer(200, "fine"));
        await using var _ = proxy;
        await proxy.SendAsync("GET", "/echo", "");
        proxy.Sockets.Count.ShouldBe(1);
        proxy.CloseClient();
        await Eventually.HoldsAsync("the socket is given back", () => proxy.Sockets.Count == 0);
    }
}
