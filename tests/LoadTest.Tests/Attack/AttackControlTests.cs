using System.Net;
using CiliumDebugging.LoadTest.Attack;
using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>Limits, stops and kept-alive connections, the same for every engine.</summary>
public sealed class AttackControlTests
{
    public static TheoryData<string> Engines => EngineContractTests.Engines;

    public static TheoryData<string> OfEveryPlan => EngineContractTests.OfEveryPlan;

    private static Func<System.Net.Sockets.Socket, CancellationToken, Task> Hanging =>
        (_, stop) => Task.Delay(Timeout.Infinite, stop);

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(1, TestContext.Current.CancellationToken);
    }

    // Answers nothing until every request has its place: no count depends on who is faster.
    private static async Task<(RecordingSink Sink, AttackAccounting Accounting)> RunHeldAsync(
        string engine,
        int inFlight,
        Func<AttackPlan, AttackPlan> change
    )
    {
        var release = new TaskCompletionSource();
        await using var server = new TestServer(Held(release.Task));
        var sink = new RecordingSink();
        await using var attack = EngineContractTests.Start(
            engine,
            change(EngineContractTests.Plan(server.EndPoint)),
            sink
        );
        await UntilAsync(() =>
            attack.Accounting is { Intended: 100 } now
            && now.InFlight == inFlight
            && now.Ended + now.NotSent == 100 - inFlight
        );
        release.SetResult();
        var accounting = await attack.Completion;
        sink.ShouldBeExact(accounting);
        return (sink, accounting);
    }

    private static Func<System.Net.Sockets.Socket, CancellationToken, Task> Held(Task release) =>
        async (socket, stop) =>
        {
            await TestServer.ReadRequestAsync(socket, stop);
            await release.WaitAsync(stop);
            await socket.SendAsync(System.Text.Encoding.Latin1.GetBytes(TestServer.Ok()), stop);
        };

    [Theory, MemberData(nameof(Engines))]
    public async Task Requests_beyond_the_in_flight_limit_are_not_sent(string engine)
    {
        var (_, accounting) = await RunHeldAsync(engine, inFlight: 5, plan => plan with { MaxInFlight = 5 });
        (accounting.Responses, accounting[Outcome.NotSent]).ShouldBe((5, 95));
    }

    /// <summary>More than fit into one batch of io_uring, while the engine is busy with one answer.</summary>
    [Theory, MemberData(nameof(Engines))]
    public async Task Hundreds_of_connections_that_the_server_closes_at_the_moment_of_an_abort_all_end(string engine)
    {
        const int Count = 900;
        var (answer, close, closed, first) = (new TaskCompletionSource(), new TaskCompletionSource(), 0, 1);
        await using var server = new TestServer(
            async (socket, stop) =>
            {
                await TestServer.ReadRequestAsync(socket, stop);
                var answers = Interlocked.Exchange(ref first, 0) == 1;
                await (answers ? answer : close).Task.WaitAsync(stop);
                if (answers)
                    await socket.SendAsync(System.Text.Encoding.Latin1.GetBytes(TestServer.Ok()), stop);
                socket.Close();
                Interlocked.Increment(ref closed);
            }
        );
        using var sink = new StallingSink();
        await using var attack = EngineContractTests.Start(
            engine,
            EngineContractTests.Plan(server.EndPoint) with
            {
                RatePerSecond = 5_000,
                Duration = TimeSpan.FromSeconds(Count / 5_000.0),
                MaxInFlight = Count,
                Ports = ClientPortRange.Kernel,
            },
            sink
        );
        await UntilAsync(() => attack.Accounting is { Intended: Count, InFlight: Count } && server.Accepted == Count);
        answer.SetResult();
        await sink.Stalled.WaitAsync(TestContext.Current.CancellationToken);
        close.SetResult();
        await UntilAsync(() => Volatile.Read(ref closed) == Count);
        var end = attack.DisposeAsync().AsTask();
        sink.GoOn();
        await end.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        attack.Accounting.Discrepancies().ShouldBeEmpty();
        (attack.Accounting.InFlight, attack.Accounting.Started).ShouldBe((0, Count));
    }

    /// <summary>Keeps the engine at its first record until it may go on.</summary>
    private sealed class StallingSink : IRecordSink, IDisposable
    {
        private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _goOn = new();

        public Task Stalled => _stalled.Task;

        public void GoOn() => _goOn.Set();

        public void Started(long sequence, TimeSpan intendedStart, TimeSpan start) { }

        public void Add(in RequestRecord record)
        {
            if (_stalled.TrySetResult())
                _goOn.Wait(TimeSpan.FromSeconds(30));
        }

        public void Dispose() => _goOn.Dispose();
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Client_ports_that_run_out_are_named(string engine)
    {
        var (sink, accounting) = await RunHeldAsync(engine, inFlight: 3, plan =>
            plan with
            {
                Ports = new(31001, 31003, ClientPortOrder.Random),
            }
        );
        (accounting[Outcome.PortsExhausted], accounting.NotSent).ShouldBe((97, 0));
        sink.Records.Where(record => record.Outcome is Outcome.Response)
            .Select(record => record.SourcePort)
            .Order()
            .ShouldBe([31001, 31002, 31003]);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_source_address_of_another_machine_is_a_connect_error_not_an_exhaustion(string engine)
    {
        await using var server = new TestServer(Hanging);
        var plan = EngineContractTests.Plan(server.EndPoint) with { SourceAddress = IPAddress.Parse("192.0.2.1") };
        var (_, accounting) = await EngineContractTests.RunAsync(engine, plan);
        accounting.ErrorsByKind.ShouldBe([(Outcome.ConnectError, Errno.Eaddrnotavail, 100L)]);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_drain_lets_requests_in_flight_end(string engine)
    {
        var release = new TaskCompletionSource();
        await using var server = new TestServer(Held(release.Task));
        var sink = new RecordingSink();
        await using var attack = EngineContractTests.Start(
            engine,
            EngineContractTests.Plan(server.EndPoint) with
            {
                Duration = null,
            },
            sink
        );
        await UntilAsync(() => attack.Accounting.InFlight >= 10);
        var stopping = attack.StopAsync();
        release.SetResult();
        var accounting = await stopping;
        sink.ShouldBeExact(accounting);
        accounting.Responses.ShouldBe(accounting.Started);
        accounting.Intended.ShouldBeGreaterThanOrEqualTo(10);
        (await attack.StopAsync()).Intended.ShouldBe(accounting.Intended);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task An_abort_ends_requests_in_flight_as_canceled(string engine)
    {
        await using var server = new TestServer(Hanging);
        using var abort = new CancellationTokenSource();
        var sink = new RecordingSink();
        var plan = EngineContractTests.Plan(server.EndPoint) with { Duration = null };
        await using var attack = EngineContractTests.Start(engine, plan, sink, abort);
        await UntilAsync(() => attack.Accounting.InFlight >= 10);
        var clock = new AttackClock(TimeProvider.System);
        await abort.CancelAsync();
        var accounting = await attack.Completion;
        clock.Elapsed.ShouldBeLessThan(plan.Timeout / 2);
        sink.ShouldBeExact(accounting);
        accounting[Outcome.Canceled].ShouldBe(accounting.Started);
    }

    [Theory, MemberData(nameof(OfEveryPlan))]
    public async Task Kept_alive_connections_are_used_in_turn_and_reconnected_when_the_server_closes(string engine)
    {
        var answers = 0;
        await using var server = new TestServer(
            async (socket, stop) =>
            {
                for (var n = 0; n < 10 && await TestServer.ReadRequestAsync(socket, stop); n++)
                {
                    Interlocked.Increment(ref answers);
                    await socket.SendAsync(
                        System.Text.Encoding.Latin1.GetBytes(
                            TestServer.Ok(headers: n == 9 ? "Connection: close\r\n" : "")
                        ),
                        stop
                    );
                }
            }
        );
        var (sink, accounting) = await EngineContractTests.RunAsync(
            engine,
            EngineContractTests.Plan(server.EndPoint) with
            {
                KeepAliveConnections = 4,
            }
        );
        accounting.Responses.ShouldBe(100);
        answers.ShouldBe(100);
        server.Accepted.ShouldBeInRange(10, 16);
        sink.Records.Max(record => record.RequestOnConnection).ShouldBe(9);
        foreach (var connection in sink.Records.GroupBy(record => record.Connection))
            connection.Select(record => record.RequestOnConnection).ShouldBe(Enumerable.Range(0, connection.Count()));
    }

    [Theory, MemberData(nameof(OfEveryPlan))]
    public async Task Requests_wait_for_a_kept_alive_connection_and_the_wait_is_in_their_latency(string engine)
    {
        await using var server = new TestServer(
            async (socket, stop) =>
            {
                while (await TestServer.ReadRequestAsync(socket, stop))
                {
                    await Task.Delay(20, stop);
                    await socket.SendAsync(System.Text.Encoding.Latin1.GetBytes(TestServer.Ok()), stop);
                }
            }
        );
        var plan = EngineContractTests.Plan(server.EndPoint) with
        {
            KeepAliveConnections = 1,
            RatePerSecond = 100,
            Duration = TimeSpan.FromMilliseconds(80),
        };
        var (sink, accounting) = await EngineContractTests.RunAsync(engine, plan);
        accounting.Responses.ShouldBe(8);
        sink.Records.Max(record => record.Blocked).ShouldBeGreaterThan(TimeSpan.FromMilliseconds(50));
        sink.Records.Max(record => record.Latency).ShouldBeGreaterThan(sink.Records.Max(record => record.Blocked));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task An_unlimited_rate_keeps_the_in_flight_limit_busy_until_the_end(string engine)
    {
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok()));
        var plan = EngineContractTests.Plan(server.EndPoint) with
        {
            RatePerSecond = double.PositiveInfinity,
            Duration = null,
            MaxInFlight = 4,
            Ports = ClientPortRange.Kernel,
        };
        var sink = new RecordingSink();
        await using var attack = EngineContractTests.Start(engine, plan, sink);
        await UntilAsync(() => attack.Accounting.Responses > 20);
        var accounting = await attack.StopAsync();
        sink.ShouldBeExact(accounting);
        accounting.Responses.ShouldBe(accounting.Intended);
        // io_uring cannot ask for the port that the kernel chose.
        sink.Records.ShouldAllBe(record =>
            record.SourcePort > 0 || engine.StartsWith("io_uring", StringComparison.Ordinal)
        );
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_sink_that_throws_ends_the_attack_with_its_exception(string engine)
    {
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok()));
        await using var attack = EngineContractTests.Start(
            engine,
            EngineContractTests.Plan(server.EndPoint) with
            {
                Duration = null,
            },
            new BrokenSink()
        );
        (
            await Should.ThrowAsync<InvalidOperationException>(attack.Completion)
        ).InnerException.ShouldBeOfType<NotSupportedException>();
    }

    [Fact]
    public void A_plan_with_problems_names_every_value()
    {
        var plan = EngineContractTests.Plan(new IPEndPoint(IPAddress.Loopback, 80)) with
        {
            RatePerSecond = 0,
            Duration = TimeSpan.FromSeconds(-1),
            Timeout = TimeSpan.Zero,
            MaxInFlight = 0,
            Burst = 33,
            Workers = 0,
            KeepAliveConnections = -3,
            SourceAddress = IPAddress.IPv6Loopback,
            Ports = ClientPortRange.Kernel,
        };
        plan.Problems().Count.ShouldBe(9);
        Should
            .Throw<ArgumentException>(() => AttackControl.Start(plan, new RecordingSink()))
            .Message.ShouldContain("rate 0/s");
        (
            EngineContractTests.Plan(new IPEndPoint(IPAddress.Loopback, 80)).Targets[0] with
            {
                Path = "/a b",
                Method = "G T",
                Headers = [new("X-A", "b\r\nX-C: d"), new("host", "x")],
            }
        )
            .Problems()
            .Count()
            .ShouldBe(4);
    }

    private sealed class BrokenSink : IRecordSink
    {
        public void Started(long sequence, TimeSpan intendedStart, TimeSpan start) { }

        public void Add(in RequestRecord record) => throw new NotSupportedException("full");
    }
}
