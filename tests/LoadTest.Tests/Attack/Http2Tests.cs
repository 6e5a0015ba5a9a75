using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using CiliumDebugging.LoadTest.Attack;
using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Engines;
using CiliumDebugging.LoadTest.Attack.Engines.HttpClients;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>HTTP/2 with prior knowledge: many requests at a time on few connections, and each in one
/// bucket.</summary>
public sealed class Http2Tests
{
    private static AttackPlan Plan(IPEndPoint endPoint, int connections) =>
        EngineContractTests.Plan(endPoint) with
        {
            Http2 = true,
            KeepAliveConnections = connections,
        };

    private static Task<(RecordingSink Sink, AttackAccounting Accounting)> RunAsync(AttackPlan plan)
    {
        AttackEngines.For(plan).ShouldBeOfType<HttpClientEngine>();
        return EngineContractTests.RunAsync("httpclient", plan);
    }

    [Fact]
    public async Task Few_connections_carry_all_requests_in_turn_and_each_record_knows_its_own()
    {
        await using var server = new Http2Server(stream => stream.AnswerAsync());
        var (sink, accounting) = await RunAsync(Plan(server.EndPoint, connections: 4));

        accounting.ResponsesByStatus.ShouldBe([(200, 100L)]);
        (server.Connections, server.Requests).ShouldBe((4, 100));
        sink.Records.Select(r => r.SourcePort).Distinct().Order().ShouldBe(server.ClientPorts.Order());
        foreach (var connection in sink.Records.GroupBy(r => r.Connection))
        {
            connection.Select(r => r.Pod).Distinct().Count().ShouldBe(1);
            (connection.Select(r => r.SourcePort).Distinct().Single() % 2).ShouldBe(1);
            connection.Select(r => r.RequestOnConnection).Order().ShouldBe(Enumerable.Range(0, 25));
        }
        sink.Records.ShouldAllBe(r => r.BytesReceived == 3 && r.Connection >= 0);
    }

    [Fact]
    public async Task Requests_are_streams_beside_each_other()
    {
        var (gate, waiting) = (new TaskCompletionSource(), 0);
        await using var server = new Http2Server(stream =>
        {
            if (Interlocked.Increment(ref waiting) == 50)
                gate.SetResult();
            _ = AnswerAsync();
            return Task.CompletedTask;

            async Task AnswerAsync()
            {
                await gate.Task.WaitAsync(stream.Stop);
                await stream.AnswerAsync();
            }
        });
        // With one request at a time, none would ever be answered.
        var (_, accounting) = await RunAsync(
            Plan(server.EndPoint, connections: 1) with
            {
                Duration = TimeSpan.FromMilliseconds(125),
            }
        );
        accounting.ResponsesByStatus.ShouldBe([(200, 50L)]);
        server.Connections.ShouldBe(1);
    }

    [Fact]
    public async Task Requests_beyond_the_limit_in_flight_are_not_sent()
    {
        await using var server = new Http2Server(_ => Task.CompletedTask);
        var plan = Plan(server.EndPoint, connections: 2) with { MaxInFlight = 10, Timeout = TimeSpan.FromSeconds(2) };
        var (sink, accounting) = await RunAsync(plan);

        accounting[Outcome.NoAnswer].ShouldBe(10);
        accounting[Outcome.NotSent].ShouldBe(90);
        sink.Records.Count(r => r.Connection == 0).ShouldBe(5);
        server.Requests.ShouldBe(10);
    }

    [Fact]
    public async Task Without_kept_connections_each_request_has_its_own()
    {
        await using var server = new Http2Server(stream => stream.AnswerAsync());
        var (sink, accounting) = await RunAsync(Plan(server.EndPoint, connections: 0));

        accounting.ResponsesByStatus.ShouldBe([(200, 100L)]);
        server.Connections.ShouldBe(100);
        sink.Records.Select(r => r.Connection).Order().ShouldBe(Enumerable.Range(0, 100).Select(n => (long)n));
        sink.Records.ShouldAllBe(r => r.RequestOnConnection == 0);
        sink.Records.Select(r => r.SourcePort).Order().ShouldBe(server.ClientPorts.Order());
    }

    [Fact]
    public async Task A_refused_connection_is_that_of_each_request()
    {
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var (sink, accounting) = await RunAsync(Plan((IPEndPoint)closed.LocalEndPoint!, connections: 2));

        accounting[Outcome.ConnectRefused].ShouldBe(100);
        sink.Records.ShouldAllBe(r => r.ErrnoName == "ECONNREFUSED" && r.Connection == -1);
    }

    [Fact]
    public async Task After_goaway_further_requests_use_another_connection_and_none_is_sent_twice()
    {
        await using var server = new Http2Server(async stream =>
        {
            await stream.AnswerAsync();
            if (stream.Number == 9)
                await stream.GoAwayAsync();
        });
        var (sink, accounting) = await RunAsync(Plan(server.EndPoint, connections: 1));

        accounting.Parts().ShouldBe(["100 × 200"]);
        // What follows the tenth stream of a connection may arrive before its GOAWAY, and is sent again elsewhere.
        server.Connections.ShouldBeInRange(5, 10);
        var byConnection = sink.Records.GroupBy(r => r.Connection).ToList();
        byConnection.Count.ShouldBe(server.Connections);
        byConnection.ShouldAllBe(c => c.Select(r => r.Pod).Distinct().Count() == 1);
        byConnection.Count(c => c.Count() < 10).ShouldBeLessThanOrEqualTo(1, "only the last one may have fewer");
        byConnection.ShouldAllBe(c => c.Count(r => r.RequestOnConnection == 0) == 1);
    }

    [Fact]
    public async Task A_connection_that_ended_is_closed_with_its_last_request()
    {
        using var connections = new Http2Connections(Plan(new IPEndPoint(IPAddress.Loopback, 80), connections: 1));
        var ports = new SharedPorts(null);
        var first = connections.Take(0, ports, null);
        connections.Take(1, ports, null).ShouldBe(first);

        var second = connections.Take(0, ports, first);
        second.ShouldNotBe(first);
        connections.Take(1, ports, first).ShouldBe(second);
        connections.Take(2, ports, null).ShouldBe(second);
        connections.Return(first);
        (first.Users, await IsClosedAsync(first)).ShouldBe((1, false));
        connections.Return(first);
        (first.Users, await IsClosedAsync(first)).ShouldBe((0, true));
        (await IsClosedAsync(second)).ShouldBeFalse();

        static async Task<bool> IsClosedAsync(Http2Connection connection)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "http://localhost/");
            try
            {
                await connection.Client.SendAsync(request, new CancellationToken(canceled: true));
                return false;
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return e is ObjectDisposedException;
            }
        }
    }

    [Fact]
    public async Task A_request_that_no_connection_takes_is_closed_early()
    {
        await using var server = new Http2Server(stream => stream.GoAwayAsync(alsoThisStream: true));
        var (_, accounting) = await RunAsync(
            Plan(server.EndPoint, connections: 1) with
            {
                Duration = TimeSpan.FromMilliseconds(25),
            }
        );
        // HttpClient gives up first where it tries again by itself.
        (accounting[Outcome.ClosedEarly] + accounting[Outcome.Reset]).ShouldBe(
            10,
            string.Join(", ", accounting.Parts())
        );
    }

    [Theory]
    [InlineData(2)] // internal error
    [InlineData(8)] // cancel
    public async Task A_stream_that_the_server_resets_is_a_reset_and_the_connection_stays(int code)
    {
        await using var server = new Http2Server(stream =>
            stream.Number % 2 == 0 ? stream.AnswerAsync() : stream.ResetAsync(code)
        );
        var (sink, accounting) = await RunAsync(Plan(server.EndPoint, connections: 1));

        accounting.ResponsesByStatus.ShouldBe([(200, 50L)]);
        accounting[Outcome.Reset].ShouldBe(50);
        server.Connections.ShouldBe(1);
        sink.Records.ShouldAllBe(r => r.Connection == 0);
    }

    [Fact]
    public async Task A_connection_that_is_reset_costs_what_is_under_way_on_it()
    {
        await using var server = new Http2Server(stream =>
        {
            if (stream.Number < 10)
                return stream.AnswerAsync();
            stream.Socket.LingerState = new LingerOption(true, 0);
            stream.Socket.Close();
            return Task.CompletedTask;
        });
        var (sink, accounting) = await RunAsync(Plan(server.EndPoint, connections: 1));

        (accounting.Responses + accounting[Outcome.Reset]).ShouldBe(100);
        accounting[Outcome.Reset].ShouldBeGreaterThan(0);
        // No request was sent again: each that arrived has a record of its own.
        server.Requests.ShouldBeLessThanOrEqualTo(100);
        sink.Records.Where(r => r.Outcome is Outcome.Response).ShouldAllBe(r => r.Pod == $"pod-{r.Connection}");
    }

    [Fact]
    public async Task A_stream_without_an_answer_times_out_beside_others_that_have_one()
    {
        await using var server = new Http2Server(stream =>
            stream.Number % 10 == 0 ? Task.CompletedTask : stream.AnswerAsync()
        );
        var plan = Plan(server.EndPoint, connections: 1) with { Timeout = TimeSpan.FromSeconds(5) };
        var (sink, accounting) = await RunAsync(plan);

        accounting[Outcome.NoAnswer].ShouldBe(10);
        accounting.Responses.ShouldBe(90);
        sink.Records.Where(r => r.Outcome is Outcome.NoAnswer)
            .ShouldAllBe(r => r.ServiceTime >= plan.Timeout * 0.99 && r.Connection == 0);
    }

    [Fact]
    public async Task A_stop_at_once_cancels_what_is_under_way()
    {
        await using var server = new Http2Server(_ => Task.CompletedTask);
        using var abort = new CancellationTokenSource();
        var sink = new RecordingSink();
        var plan = Plan(server.EndPoint, connections: 2) with { Duration = null };
        await using var attack = EngineContractTests.Start("httpclient", plan, sink, abort);
        for (var waited = Stopwatch.StartNew(); server.Requests < 20; await Task.Delay(5, abort.Token))
            waited.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60));
        await abort.CancelAsync();
        var accounting = await attack.Completion;

        sink.ShouldBeExact(accounting);
        accounting[Outcome.Canceled].ShouldBe(accounting.Started);
    }

    [Fact]
    public async Task A_server_of_http_1_gives_no_answer_that_counts()
    {
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok(), close: false));
        var (_, accounting) = await RunAsync(
            Plan(server.EndPoint, connections: 1) with
            {
                Duration = TimeSpan.FromMilliseconds(50),
            }
        );
        accounting[Outcome.Malformed].ShouldBe(20);
    }

    [Theory, InlineData("epoll"), InlineData("sockets"), InlineData("io_uring")]
    public void Other_engines_refuse_it(string engine) =>
        AttackEngines
            .Named(engine, Plan(new IPEndPoint(IPAddress.Loopback, 80), connections: 0))
            .Problem.ShouldNotBeNull()
            .ShouldContain("HTTP/2");
}
