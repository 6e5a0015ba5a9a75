using System.Net;
using System.Net.Sockets;
using CiliumDebugging.LoadTest.Pod;
using CiliumDebugging.LoadTest.Tests.Attack;
using CiliumDebugging.ServiceDefaults.Pods;
using Microsoft.Extensions.Configuration;

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

    [Theory]
    [InlineData("""{"spec":{"type":"ClusterIP","clusterIP":"127.65.0.9"}}""", "127.65.0.9:87")]
    [InlineData(
        """{"spec":{"type":"ExternalName","externalName":"example.internal"}}""",
        "host 'ext.backend' of http://ext.backend/a: Service backend/ext is an ExternalName, which the lab cannot reach"
    )]
    [InlineData("""{"spec":{"type":"ClusterIP","clusterIP":"None"}}""", "Service backend/ext is headless")]
    public async Task A_service_of_the_embedded_cluster_is_its_address_or_is_refused_with_why(
        string service,
        string expected
    )
    {
        await using var api = new TestServer(TestServer.Answering(TestServer.Ok(service)));
        var place = new Dictionary<string, string?>
        {
            [PodEnvironment.ApiUrl] = $"http://{api.EndPoint}",
            [PodEnvironment.ApiToken] = "a-token-for-tests-only",
            [PodEnvironment.PodUid] = "u-1",
            [PodEnvironment.PodIp] = "127.64.2.2",
            [PodEnvironment.BackingAddress] = "127.67.2.2",
            [PodEnvironment.PortOffset] = "7",
        };
        var sandbox = PodSandbox.OfKubelet(new ConfigurationBuilder().AddInMemoryCollection(place).Build());
        var resolver = new TargetResolver(sandbox);

        string answer;
        try
        {
            var url = new Uri("http://ext.backend/a");
            answer = $"{await resolver.ResolveAsync(url, TestContext.Current.CancellationToken)}";
        }
        catch (AttackRefusedException refused)
        {
            answer = refused.Message;
        }
        answer.ShouldContain(expected);
    }
}
