using System.Net.Sockets;
using System.Text;
using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Engines.Epoll;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>Whatever a server does, every request is in its bucket, memory stays bounded and the run ends on
/// time.</summary>
public sealed class HostileServerTests
{
    public static TheoryData<string> Engines => EngineContractTests.Engines;

    public static TheoryData<string> OwnEngines => EpollEngine.IsSupported ? ["sockets", "epoll"] : ["sockets"];

    private static AttackPlan Plan(TestServer server) =>
        EngineContractTests.Plan(server.EndPoint) with
        {
            RatePerSecond = 200,
            Duration = TimeSpan.FromMilliseconds(200),
        };

    private static AttackPlan Impatient(AttackPlan plan) => plan with { Timeout = TimeSpan.FromMilliseconds(400) };

    private static async Task<RecordingSink> AllEndAsync(
        string engine,
        Func<Socket, CancellationToken, Task> behaviour,
        Outcome outcome,
        Func<AttackPlan, AttackPlan>? change = null
    )
    {
        await using var server = new TestServer(behaviour);
        var plan = change?.Invoke(Plan(server)) ?? Plan(server);
        var clock = new AttackClock(TimeProvider.System);
        var (sink, accounting) = await RunAsync(engine, plan, started: 1);
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60));
        accounting.Intended.ShouldBe(40);
        // With a short timeout a machine under load gives some up as overdue; whatever was sent ends in the one bucket.
        accounting[outcome].ShouldBe(accounting.Started);
        return sink;
    }

    // Again while a machine under load gave the generator so little time that it had to give up nearly everything
    // unsent.
    private static async Task<(RecordingSink Sink, AttackAccounting Accounting)> RunAsync(
        string engine,
        AttackPlan plan,
        int started
    )
    {
        while (true)
        {
            var (sink, accounting) = await EngineContractTests.RunAsync(engine, plan);
            if (accounting.Started >= started)
                return (sink, accounting);
        }
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_server_that_closes_without_an_answer_gets_each_request_once(string engine)
    {
        var requests = 0;
        await AllEndAsync(
            engine,
            async (socket, stop) =>
            {
                if (await TestServer.ReadRequestAsync(socket, stop))
                    Interlocked.Increment(ref requests);
            },
            Outcome.ClosedEarly,
            plan =>
                plan with
                {
                    Targets =
                    [
                        .. plan.Targets.Select(t => t with { Method = "GET", Body = ReadOnlyMemory<byte>.Empty }),
                    ],
                }
        );
        requests.ShouldBe(40);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_server_that_hangs_gives_no_answer(string engine)
    {
        var sink = await AllEndAsync(
            engine,
            (_, stop) => Task.Delay(Timeout.Infinite, stop),
            Outcome.NoAnswer,
            Impatient
        );
        // The platform's timers may fire some milliseconds early.
        sink.Records.Where(record => !record.Outcome.IsNotSent())
            .ShouldAllBe(record => record.ServiceTime >= TimeSpan.FromMilliseconds(380));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_reset_is_a_reset_with_its_errno(string engine)
    {
        var sink = await AllEndAsync(
            engine,
            async (socket, stop) =>
            {
                await TestServer.ReadRequestAsync(socket, stop);
                socket.LingerState = new LingerOption(true, 0);
            },
            Outcome.Reset
        );
        sink.Records.Where(record => !record.Outcome.IsNotSent())
            .ShouldAllBe(record => record.ErrnoName == "ECONNRESET");
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Garbage_is_malformed(string engine)
    {
        var sink = await AllEndAsync(engine, TestServer.Answering("SSH-2.0-OpenSSH_9.9\r\n"), Outcome.Malformed);
        sink.Records.Where(record => !record.Outcome.IsNotSent())
            // HttpClient does not say what is wrong.
            .ShouldAllBe(record =>
                record.Status == 0
                && record.Fault == (engine == "httpclient" ? ResponseFault.None : ResponseFault.StatusLine)
            );
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_response_cut_off_by_the_close_is_closed_early(string engine) =>
        await AllEndAsync(
            engine,
            TestServer.Answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfoo"),
            Outcome.ClosedEarly
        );

    [Theory, MemberData(nameof(Engines))]
    public async Task A_close_without_a_byte_is_closed_early(string engine) =>
        await AllEndAsync(
            engine,
            async (socket, stop) => await TestServer.ReadRequestAsync(socket, stop),
            Outcome.ClosedEarly
        );

    [Theory, MemberData(nameof(Engines))]
    public async Task Endless_headers_are_cut_at_the_limit(string engine)
    {
        var header = Encoding.Latin1.GetBytes(
            string.Concat(Enumerable.Range(0, 100).Select(n => $"X-{n}: {new string('a', 300)}\r\n"))
        );
        var sink = await AllEndAsync(
            engine,
            async (socket, stop) =>
            {
                await TestServer.ReadRequestAsync(socket, stop);
                await socket.SendAsync("HTTP/1.1 200 OK\r\n"u8.ToArray(), stop);
                while (true)
                    await socket.SendAsync(header, stop);
            },
            Outcome.Malformed
        );
        sink.Records.Where(record => !record.Outcome.IsNotSent())
            .ShouldAllBe(record => record.Fault == ResponseFault.HeadersTooLarge && record.BytesReceived <= 64 * 1024);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Endless_interim_responses_are_cut_at_the_limit(string engine)
    {
        var interim = Encoding.Latin1.GetBytes(
            string.Concat(Enumerable.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 100))
        );
        await AllEndAsync(
            engine,
            async (socket, stop) =>
            {
                await TestServer.ReadRequestAsync(socket, stop);
                while (true)
                    await socket.SendAsync(interim, stop);
            },
            Outcome.Malformed
        );
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task An_endless_body_is_cut_at_the_limit(string engine)
    {
        var chunk = Encoding.Latin1.GetBytes($"1000\r\n{new string('x', 4096)}\r\n");
        var sink = await AllEndAsync(
            engine,
            async (socket, stop) =>
            {
                await TestServer.ReadRequestAsync(socket, stop);
                await socket.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray(), stop);
                while (true)
                    await socket.SendAsync(chunk, stop);
            },
            Outcome.Malformed,
            plan => plan with { Limits = new ResponseLimits(MaxBodyBytes: 256 * 1024) }
        );
        sink.Records.Where(record => !record.Outcome.IsNotSent())
            .ShouldAllBe(record => record.Fault == ResponseFault.BodyTooLarge);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_slow_loris_is_given_up_at_the_timeout(string engine) =>
        await AllEndAsync(
            engine,
            async (socket, stop) =>
            {
                await TestServer.ReadRequestAsync(socket, stop);
                foreach (var c in TestServer.Ok(new string('x', 1000)))
                {
                    await socket.SendAsync(new[] { (byte)c }, stop);
                    await Task.Delay(20, stop);
                }
            },
            Outcome.NoAnswer,
            Impatient
        );

    [Theory, MemberData(nameof(Engines))]
    public async Task A_server_that_accepts_nothing_counts_as_dropped(string engine)
    {
        await using var placeholder = new TestServer(TestServer.Answering(TestServer.Ok()), "127.0.0.3");
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Parse("127.0.0.2"), placeholder.EndPoint.Port));
        listener.Listen(1);
        var plan = Impatient(Plan(placeholder));
        plan = plan with
        {
            Targets = [plan.Targets[0] with { EndPoint = (System.Net.IPEndPoint)listener.LocalEndPoint! }],
        };
        var (sink, accounting) = await RunAsync(engine, plan, started: 10);
        sink.Records.Count(record => record.Outcome.IsDropped()).ShouldBe((int)accounting.Started);
        accounting[Outcome.ConnectTimeout].ShouldBeGreaterThan(0);
        accounting[Outcome.NoAnswer].ShouldBeGreaterThan(0);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_closed_port_is_refused(string engine)
    {
        // Bound without listening: no other socket can take the port meanwhile.
        await using var other = new TestServer(TestServer.Answering(TestServer.Ok()), "127.0.0.3");
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Parse("127.0.0.2"), other.EndPoint.Port));
        var (sink, accounting) = await EngineContractTests.RunAsync(
            engine,
            EngineContractTests.Plan((System.Net.IPEndPoint)closed.LocalEndPoint!)
        );
        accounting[Outcome.ConnectRefused].ShouldBe(accounting.Started);
        sink.Records.Where(record => !record.Outcome.IsNotSent())
            .ShouldAllBe(record => record.ErrnoName == "ECONNREFUSED" && record.Connection == -1);
    }

    // HttpClient reads only once it has sent everything.
    [Theory, MemberData(nameof(OwnEngines))]
    public async Task An_answer_before_the_whole_request_was_read_counts(string engine)
    {
        await using var server = new TestServer(
            async (socket, stop) =>
            {
                await socket.ReceiveAsync(new byte[100], stop);
                await socket.SendAsync(
                    "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(),
                    stop
                );
                await Task.Delay(Timeout.Infinite, stop);
            }
        );
        var plan = Plan(server);
        plan = plan with { RatePerSecond = 20, Targets = [plan.Targets[0] with { Body = new byte[8 << 20] }] };
        var (_, accounting) = await EngineContractTests.RunAsync(engine, plan);
        accounting.ResponsesByStatus.ShouldBe([(413, 4L)]);
    }
}
