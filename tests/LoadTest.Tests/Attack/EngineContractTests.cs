using System.Collections.Concurrent;
using System.Net;
using System.Text;
using CiliumDebugging.LoadTest.Attack;
using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Engines;
using CiliumDebugging.LoadTest.Attack.Engines.Epoll;
using CiliumDebugging.LoadTest.Attack.Engines.HttpClients;
using CiliumDebugging.LoadTest.Attack.Engines.IoUring;
using CiliumDebugging.LoadTest.Attack.Engines.Sockets;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>What every engine records in the ordinary case.</summary>
public sealed class EngineContractTests
{
    /// <summary>io_uring at a rate at which it looks at answers with the next start.</summary>
    private const string LooksLater = "io_uring at 10 times the rate";

    internal static IAttackEngine Engine(string name) =>
        name switch
        {
            "sockets" => new SocketEngine(),
            "epoll" => new EpollEngine(),
            "io_uring" or LooksLater => new IoUringEngine(),
            "httpclient" => new HttpClientEngine(),
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };

    internal static AttackPlan Plan(IPEndPoint endPoint) =>
        new()
        {
            Targets =
            [
                new AttackTarget
                {
                    Method = "POST",
                    Path = "/echo",
                    Host = "backend-1:8080",
                    EndPoint = endPoint,
                    Body = "foo"u8.ToArray(),
                },
            ],
            RatePerSecond = 400,
            Duration = TimeSpan.FromMilliseconds(250),
            // A machine under load starts requests late; they are not to be given up for that.
            Timeout = TimeSpan.FromSeconds(60),
            Grace = TimeSpan.FromSeconds(60),
        };

    /// <summary>Starts an attack with an engine; as many requests whatever the engine.</summary>
    internal static AttackControl Start(
        string engine,
        AttackPlan plan,
        IRecordSink sink,
        CancellationTokenSource? abort = null
    ) =>
        AttackControl.Start(
            engine == LooksLater
                ? plan with
                {
                    RatePerSecond = plan.RatePerSecond * 10,
                    Duration = plan.Duration / 10,
                }
                : plan,
            sink,
            Engine(engine),
            abort: abort?.Token ?? TestContext.Current.CancellationToken
        );

    internal static async Task<(RecordingSink Sink, AttackAccounting Accounting)> RunAsync(
        string engine,
        AttackPlan plan
    )
    {
        var sink = new RecordingSink();
        await using var attack = Start(engine, plan, sink);
        var accounting = await attack.Completion;
        sink.ShouldBeExact(accounting);
        return (sink, accounting);
    }

    public static TheoryData<string> Engines =>
        [.. AtTheRate, .. IoUringEngine.IsSupported ? [LooksLater] : Array.Empty<string>()];

    /// <summary>The engines, each at the plan's own rate.</summary>
    public static TheoryData<string> AtTheRate =>
        [.. OfEveryPlan, .. IoUringEngine.IsSupported ? ["io_uring"] : Array.Empty<string>()];

    /// <summary>The engines without limits on connections and requests.</summary>
    public static TheoryData<string> OfEveryPlan =>
        ["sockets", "httpclient", .. EpollEngine.IsSupported ? ["epoll"] : Array.Empty<string>()];

    [Theory, MemberData(nameof(Engines))]
    public async Task Each_request_has_a_connection_of_its_own_and_a_full_record(string engine)
    {
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok()));
        var (sink, accounting) = await RunAsync(engine, Plan(server.EndPoint));

        accounting.Intended.ShouldBe(100);
        accounting.ResponsesByStatus.ShouldBe([(200, 100L)]);
        server.Accepted.ShouldBe(100);
        sink.Records.Select(record => record.Connection)
            .Order()
            .ShouldBe(Enumerable.Range(0, 100).Select(n => (long)n));
        sink.Records.Select(record => record.SourcePort)
            .Order()
            .ShouldBe(server.Clients.Select(client => client.Port).Order());
        sink.Records.ShouldAllBe(record =>
            record.Pod == "pod-1"
            && record.Node == "node-1"
            && record.RequestOnConnection == 0
            && record.BytesReceived == (engine == "httpclient" ? 3 : TestServer.Ok().Length)
            && record.SourcePort % 2 == 1
        );
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Bursts_start_together_and_no_request_is_lost_or_added(string engine)
    {
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok()));
        var (sink, accounting) = await RunAsync(engine, Plan(server.EndPoint) with { Burst = 7 });

        accounting.ResponsesByStatus.ShouldBe([(200, 100L)]);
        var bursts = sink.Records.GroupBy(record => record.Sequence / 7).ToList();
        bursts.Count.ShouldBe(15);
        bursts.ShouldAllBe(burst => burst.Select(record => record.IntendedStart).Distinct().Count() == 1);
        bursts.Select(burst => burst.First().IntendedStart).Distinct().Count().ShouldBe(15);
    }

    /// <summary>A header beyond ASCII, and one about content that a GET has not.</summary>
    [Theory, MemberData(nameof(Engines))]
    public async Task Headers_reach_the_server_as_the_bytes_that_every_engine_sends(string engine)
    {
        var requests = new ConcurrentQueue<string>();
        await using var server = new TestServer(
            async (socket, stop) =>
            {
                var (text, buffer) = ("", new byte[4096]);
                while (!text.Contains("\r\n\r\n", StringComparison.Ordinal))
                {
                    if (await socket.ReceiveAsync(buffer, stop) is not (> 0 and var read))
                        return;
                    text += Encoding.Latin1.GetString(buffer, 0, read);
                }
                requests.Enqueue(text);
                await socket.SendAsync(Encoding.Latin1.GetBytes(TestServer.Ok()), stop);
            }
        );
        var plan = Plan(server.EndPoint);
        var target = plan.Targets[0] with
        {
            Method = "GET",
            Body = default,
            Headers = [new("X-User", "Jos\u00e9"), new("Content-Language", "fr")],
        };
        var (_, accounting) = await RunAsync(engine, plan with { Targets = [target] });

        accounting.ResponsesByStatus.ShouldBe([(200, 100L)]);
        requests.Count.ShouldBe(100);
        requests.ShouldAllBe(request =>
            request.Contains("X-User: Jos\u00e9\r\n", StringComparison.Ordinal)
            && request.Contains("Content-Language: fr\r\n", StringComparison.Ordinal)
        );
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task The_client_binds_the_given_source_address(string engine)
    {
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok()));
        var plan = Plan(server.EndPoint) with
        {
            SourceAddress = IPAddress.Parse("127.9.8.7"),
            Ports = ClientPortRange.EvenInSequence,
        };
        var (_, accounting) = await RunAsync(engine, plan);

        accounting.Responses.ShouldBe(100);
        server.Clients.ShouldAllBe(client => client.Address.Equals(plan.SourceAddress) && client.Port % 2 == 0);
    }
}
