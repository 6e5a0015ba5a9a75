namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>Servers that refuse or redirect, and proxies before them.</summary>
public sealed partial class PrometheusObservationTests
{
    [Theory]
    [InlineData("401 Unauthorized", "no org id\n", "", "refuses: it answered 401 with 'no org id'; name the tenant")]
    [InlineData(
        "401 Unauthorized",
        "Unauthorized",
        "",
        "refuses: it answered 401 with 'Unauthorized'; give credentials"
    )]
    [InlineData("403 Forbidden", "", "", "refuses: it answered 403 with ''; give credentials (--prometheus-token FILE")]
    [InlineData(
        "403 Forbidden",
        """{"status":"error","errorType":"forbidden","error":"no"}""",
        "",
        "'; give credentials (--prometheus-token FILE"
    )]
    [InlineData("401 Unauthorized", """{"status":"error","error":"no org id"}""", "", "; name the tenant")]
    [InlineData(
        "302 Found",
        "<a href=\"/login\">Found</a>",
        "Location: /login?state=s3cr3t\r\n",
        "/login, which is a login or another site: give credentials"
    )]
    [InlineData(
        "301 Moved Permanently",
        "",
        "Location: https://user:pw@metrics.example/prom/api/v1/query?query=up\r\n",
        "redirects (301): give --prometheus https://metrics.example/prom/"
    )]
    [InlineData("307 Temporary Redirect", "", "", "redirects (307) and does not say where: it has no Location header")]
    [InlineData(
        "308 Permanent Redirect",
        "",
        "Location: /api/v1/query/?query=up\r\n",
        "redirects (308) to the same path with a slash at its end"
    )]
    [InlineData("302 Found", "", "Location: /api/v1/query?x=1\r\n", "redirects (302) to itself, as a login")]
    [InlineData("407 Proxy Authentication Required", "", "", "it wants credentials of its own; give the proxy's")]
    [InlineData("413 Content Too Large", "", "", "answered 413 with '': it limits the length of requests")]
    [InlineData("414 URI Too Long", "", "", "answered 414 with '': it limits the length of requests")]
    [InlineData("431 Request Header Fields Too Large", "", "", "it limits the length of requests")]
    [InlineData("405 Method Not Allowed", "", "", "answered 405 with '': it does not allow GET of /api/v1/query")]
    [InlineData("502 Bad Gateway", "<html><h1>502 Bad Gateway</h1></html>", "", "the address is right")]
    [InlineData("504 Gateway Timeout", "", "", "the Prometheus behind it does not answer")]
    [InlineData("404 Not Found", "404 page not found", "", "has no Prometheus API")]
    [InlineData("429 Too Many Requests", "too many outstanding requests", "", "it limits requests")]
    [InlineData("500 Internal Server Error", "oops", "", "answered 500 with 'oops': see its log")]
    public async Task A_server_that_refuses_is_named_as_what_it_is(
        string status,
        string body,
        string headers,
        string expected
    )
    {
        await using var prometheus = new FakePrometheus { Answer = _ => FakePrometheus.Text(status, body, headers) };
        var (code, text, _) = await ObserveAsync(prometheus);
        code.ShouldBe(1);
        text.ShouldContain(expected);
        text.ShouldNotContain("is not a Prometheus");
        text.ShouldNotContain("s3cr3t");
        text.ShouldNotContain("user:pw");
    }
}
