using System.Net;
using CiliumDebugging.LoadTest.Attack;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>What every engine records in the ordinary case.</summary>
public sealed class EngineContractTests
{
    internal static IAttackEngine Engine(string name) => name switch
    {
        "sockets" => new SocketEngine(),
        "epoll" => new EpollEngine(),
        "io_uring" => new IoUringEngine(),
        "httpclient" => new HttpClientEngine(),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    internal static AttackPlan Plan(IPEndPoint endPoint) => new()
    {
        Targets = [new AttackTarget { Method = "POST", Path = "/echo", Host = "backend-1:8080", EndPoint = endPoint, Body = "foo"u8.ToArray() }],
        RatePerSecond = 400,
        Duration = TimeSpan.FromMilliseconds(250),
        // A machine under load starts requests late; they are not to be given up for that.
        Timeout = TimeSpan.FromSeconds(60),
        Grace = TimeSpan.FromSeconds(60),
    };

    internal static async Task<(RecordingSink Sink, AttackAccounting Accounting)> RunAsync(string engine, AttackPlan plan)
    {
        var sink = new RecordingSink();
        await using var attack = AttackControl.Start(plan, sink, Engine(engine), abort: TestContext.Current.CancellationToken);
        var accounting = await attack.Completion;
        sink.ShouldBeExact(accounting);
        return (sink, accounting);
    }

    public static TheoryData<string> Engines => [.. OfEveryPlan, .. IoUringEngine.IsSupported ? ["io_uring"] : Array.Empty<string>()];

    /// <summary>The engines without limits on connections and requests.</summary>
    public static TheoryData<string> OfEveryPlan => ["sockets", "httpclient", .. EpollEngine.IsSupported ? ["epoll"] : Array.Empty<string>()];

    [Theory, MemberData(nameof(Engines))]
    public async Task Each_request_has_a_connection_of_its_own_and_a_full_record(string engine)
    {
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok()));
        var (sink, accounting) = await RunAsync(engine, Plan(server.EndPoint));

        accounting.Intended.ShouldBe(100);
        accounting.ResponsesByStatus.ShouldBe([(200, 100L)]);
        server.Accepted.ShouldBe(100);
        sink.Records.Select(record => record.Connection).Order().ShouldBe(Enumerable.Range(0, 100).Select(n => (long)n));
        sink.Records.Select(record => record.SourcePort).Order().ShouldBe(server.Clients.Select(client => client.Port).Order());
        sink.Records.ShouldAllBe(record => record.Pod == "pod-1" && record.Node == "node-1" && record.RequestOnConnection == 0
            && record.BytesReceived == (engine == "httpclient" ? 3 : TestServer.Ok().Length) && record.SourcePort % 2 == 1);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task The_client_binds_the_given_source_address(string engine)
    {
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok()));
        var plan = Plan(server.EndPoint) with { SourceAddress = IPAddress.Parse("127.9.8.7"), Ports = ClientPortRange.EvenInSequence };
        var (_, accounting) = await RunAsync(engine, plan);

        accounting.Responses.ShouldBe(100);
        server.Clients.ShouldAllBe(client => client.Address.Equals(plan.SourceAddress) && client.Port % 2 == 0);
    }
}
