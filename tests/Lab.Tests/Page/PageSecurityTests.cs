using CiliumDebugging.Lab.Page;
using Microsoft.AspNetCore.Http;

namespace CiliumDebugging.Lab.Tests.Page;

public sealed class PageSecurityTests
{
    [Theory]
    [InlineData(80, "localhost", true)]
    [InlineData(80, "localhost:80", true)]
    [InlineData(80, "127.0.0.1", true)]
    [InlineData(80, "example.org", false)]
    [InlineData(81, "localhost", false)]
    [InlineData(81, "[::1]:81", true)]
    public void A_browser_leaves_the_port_of_the_scheme_out(int port, string host, bool expected)
    {
        var request = new DefaultHttpContext().Request;
        request.Host = new HostString(host);
        request.Headers.Origin = $"http://{host}";
        request.Headers[PageSecurity.TokenHeader] = "secret";

        var security = new PageSecurity("secret", port);
        security.IsForThisHost(request).ShouldBe(expected);
        (security.WhyRefused(request) is null).ShouldBe(expected);
    }
}
