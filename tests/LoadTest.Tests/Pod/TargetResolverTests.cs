using System.Net;
using System.Net.Sockets;
using CiliumDebugging.LoadTest.Pod;

namespace CiliumDebugging.LoadTest.Tests.Pod;

public sealed class TargetResolverTests
{
    [Theory]
    [InlineData("http://127.0.0.3:81/", "127.0.0.3:81")]
    [InlineData("http://[::1]/", "[::1]:80")]
    public async Task An_address_is_taken_as_it_is(string url, string expected) =>
        (await new TargetResolver().ResolveAsync(new Uri(url), TestContext.Current.CancellationToken)).ShouldBe(
            IPEndPoint.Parse(expected)
        );

    [Fact]
    public async Task A_name_has_an_address_of_the_family_that_requests_start_from() =>
        (
            await new TargetResolver(family: AddressFamily.InterNetwork).ResolveAsync(
                new Uri("http://localhost:82/"),
                TestContext.Current.CancellationToken
            )
        ).ShouldBe(new IPEndPoint(IPAddress.Loopback, 82));

    [Fact]
    public async Task A_name_without_an_address_of_that_family_is_refused_with_those_it_has()
    {
        var refused = await Should.ThrowAsync<AttackRefusedException>(
            new TargetResolver(family: AddressFamily.AppleTalk).ResolveAsync(
                new Uri("http://localhost:82/"),
                TestContext.Current.CancellationToken
            )
        );
        refused.Message.ShouldContain("'localhost'");
        refused.Message.ShouldContain("only");
        refused.Message.ShouldContain("127.0.0.1");
    }

    [Fact]
    public async Task An_unknown_name_is_refused_with_what_to_do()
    {
        var refused = await Should.ThrowAsync<AttackRefusedException>(
            new TargetResolver().ResolveAsync(
                new Uri("http://no-such-host.invalid/"),
                TestContext.Current.CancellationToken
            )
        );
        refused.Message.ShouldContain("'no-such-host.invalid'");
        refused.Message.ShouldContain("check the name");
    }
}
