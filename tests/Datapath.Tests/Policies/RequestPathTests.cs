using CiliumDebugging.Datapath.Policies;

namespace CiliumDebugging.Datapath.Tests.Policies;

public class RequestPathTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("/a", "/a")]
    [InlineData("/a/", "/a/")]
    [InlineData("//a///b//", "/a/b/")]
    [InlineData("/a/./b", "/a/b")]
    [InlineData("/a/../b", "/b")]
    [InlineData("/../a", "/a")]
    [InlineData("/a/..", "/")]
    [InlineData("/a/%2e%2E/b", "/b")]
    [InlineData("/a\\b", "/a/b")]
    [InlineData("/a.b/.c/..d", "/a.b/.c/..d")]
    [InlineData("/a//b?c=//../%2F", "/a/b?c=//../%2F")]
    [InlineData("*", "*")]
    [InlineData("/a%20b", "/a%20b")]
    public void A_path_is_normalised(string target, string normalised) =>
        RequestPath.Normalise(target).ShouldBe(new RequestPath(normalised, IsRedirected: false));

    [Theory]
    [InlineData("/a%2Fb", "/a/b")]
    [InlineData("/a%5cb?q", "/a/b?q")]
    [InlineData("/a%2f..%2fb", "/b")]
    public void An_escaped_slash_is_redirected(string target, string normalised) =>
        RequestPath.Normalise(target).ShouldBe(new RequestPath(normalised, IsRedirected: true));
}
