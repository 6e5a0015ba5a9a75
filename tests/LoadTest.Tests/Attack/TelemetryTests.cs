using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net.Sockets;
using System.Text;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Telemetry;
using CiliumDebugging.Testing;
using CsCheck;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>Listeners hear the whole process: these tests run while no others do.</summary>
[CollectionDefinition(nameof(TelemetryTests), DisableParallelization = true)]
[Collection(nameof(TelemetryTests))]
public sealed class TelemetryTests
{
    private static readonly double s_default = new AttackPlan { Targets = [] }.TracesPerSecond;

    public static TheoryData<string> Engines => EngineContractTests.AtTheRate;

    // Answers with the traceparent it was sent as the pod's name.
    private static async Task EchoTraceParent(Socket socket, CancellationToken stop)
    {
        var buffer = new byte[4096];
        var text = "";
        while (!text.Contains("foo", StringComparison.Ordinal))
        {
            var read = await socket.ReceiveAsync(buffer, stop);
            if (read == 0)
                return;
            text += Encoding.Latin1.GetString(buffer, 0, read);
        }
        var line = text.Split("\r\n")
            .SingleOrDefault(header => header.StartsWith("traceparent: ", StringComparison.OrdinalIgnoreCase));
        await socket.SendAsync(
            Encoding.Latin1.GetBytes(
                TestServer.Ok(headers: $"X-Pod: {line?["traceparent: ".Length..] ?? "none"}\r\nX-Node: n\r\n")
            ),
            stop
        );
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Each_request_has_a_trace_of_its_own_that_is_propagated(string engine)
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RequestTracer.SourceName,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var outer = new Activity("order").Start();
        await using var server = new TestServer(EchoTraceParent);
        var plan = EngineContractTests.Plan(server.EndPoint) with { TracesPerSecond = double.PositiveInfinity };
        var (sink, _) = await EngineContractTests.RunAsync(engine, plan);

        spans.Count.ShouldBe(100);
        spans.Select(span => span.TraceId).Distinct().Count().ShouldBe(100);
        sink.Records.Select(record => record.Pod!)
            .Order()
            .ShouldBe(spans.Select(span => $"00-{span.TraceId}-{span.SpanId}-01").Order());
        foreach (var span in spans)
        {
            span.Parent.ShouldBeNull();
            (span.Kind, span.DisplayName, span.Status).ShouldBe(
                (ActivityKind.Client, "POST backend-1", ActivityStatusCode.Unset)
            );
            span.GetTagItem("http.response.status_code").ShouldBe(200);
            span.GetTagItem("server.port").ShouldBe(server.EndPoint.Port);
            span.GetTagItem("server.address").ShouldBe("backend-1");
            span.GetTagItem("loadtest.responder.node").ShouldBe("n");
            var record = sink.Records.Single(record => record.Sequence == (long)span.GetTagItem("loadtest.sequence")!);
            span.Duration.ShouldBe(record.ServiceTime);
            span.GetTagItem("network.local.port").ShouldBe(record.SourcePort);
        }
    }

    [Fact]
    public async Task A_503_makes_the_root_span_an_error()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RequestTracer.SourceName,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var server = new TestServer(
            async (socket, stop) =>
            {
                await TestServer.ReadRequestAsync(socket, stop);
                await socket.SendAsync(
                    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"u8.ToArray(),
                    stop
                );
            }
        );
        await EngineContractTests.RunAsync(
            "sockets",
            EngineContractTests.Plan(server.EndPoint) with
            {
                TracesPerSecond = 1e6,
            }
        );
        spans.Count.ShouldBe(100);
        spans.ShouldAllBe(span =>
            span.Status == ActivityStatusCode.Error && (string)span.GetTagItem("error.type")! == "503"
        );
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Without_a_listener_there_is_no_header(string engine)
    {
        await using var server = new TestServer(EchoTraceParent);
        var (sink, _) = await EngineContractTests.RunAsync(
            engine,
            EngineContractTests.Plan(server.EndPoint) with
            {
                Duration = TimeSpan.FromMilliseconds(20),
            }
        );
        sink.Records.ShouldAllBe(record => record.Pod == "none");
    }

    [Fact]
    public async Task A_request_without_a_span_tells_those_behind_it_not_to_sample_and_allocates_nothing()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RequestTracer.SourceName,
            Sample = (ref _) => ActivitySamplingResult.None,
        };
        ActivitySource.AddActivityListener(listener);
        await using var server = new TestServer(EchoTraceParent);
        var (sink, _) = await EngineContractTests.RunAsync("sockets", EngineContractTests.Plan(server.EndPoint));
        sink.Records.Select(record => record.Pod).Distinct().Count().ShouldBe(100);
        foreach (var record in sink.Records)
        {
            ActivityContext.TryParse(record.Pod, null, out var context).ShouldBeTrue(record.Pod);
            context.TraceFlags.ShouldBe(ActivityTraceFlags.None);
        }
        var header = new byte[TraceParent.Length];
        Allocated
            .MinOfRuns(() =>
            {
                for (var i = 0; i < 1000; i++)
                    TraceParent.WriteUnsampled(header);
            })
            .ShouldBe(0);
    }

    [Fact]
    public void Above_20_a_second_a_random_share_of_requests_is_sampled() =>
        Gen.Select(Gen.Double[1, 100_000], Gen.Int[0, 1000])
            .Sample(
                (rate, seed) =>
                {
                    var random = new Random(seed);
                    var sampling = new SpanSampling(rate, s_default);
                    var taken = Enumerable
                        .Range(0, 20_000)
                        .Count(n => sampling.Takes(TimeSpan.FromSeconds(n / rate), random.NextDouble()));
                    var expected = 20_000 * Math.Min(1, s_default / rate);
                    // Six standard deviations of a binomial draw.
                    ((double)taken).ShouldBe(expected, 1 + (6 * Math.Sqrt(expected)));
                    return true;
                },
                iter: 20
            );

    [Fact]
    public void An_unlimited_rate_is_sampled_20_times_a_second()
    {
        var sampling = new SpanSampling(double.PositiveInfinity, s_default);
        Enumerable
            .Range(0, 40_000)
            .Count(n => sampling.Takes(TimeSpan.FromSeconds(n / 20_000.0), 0.5))
            .ShouldBeInRange(38, 40);
    }

    [Fact]
    public async Task Metrics_follow_the_conventions_of_http_clients()
    {
        var durations = new ConcurrentQueue<(double Seconds, Dictionary<string, object?> Tags)>();
        var active = 0L;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (
                    instrument.Meter.Name == RequestMetrics.MeterName
                    && instrument.Name.StartsWith("http.client.", StringComparison.Ordinal)
                )
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>(
            (instrument, value, tags, _) =>
            {
                instrument.Name.ShouldBe("http.client.request.duration");
                instrument.Unit.ShouldBe("s");
                durations.Enqueue((value, tags.ToArray().ToDictionary()));
            }
        );
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref active, value));
        listener.Start();
        var answers = 0;
        await using var server = new TestServer(
            async (socket, stop) =>
            {
                await TestServer.ReadRequestAsync(socket, stop);
                var status = Interlocked.Increment(ref answers) % 2 == 0 ? "200 OK" : "503 Service Unavailable";
                await socket.SendAsync(
                    Encoding.Latin1.GetBytes($"HTTP/1.1 {status}\r\nX-Pod: pod-1\r\nContent-Length: 0\r\n\r\n"),
                    stop
                );
            }
        );
        await EngineContractTests.RunAsync("sockets", EngineContractTests.Plan(server.EndPoint));

        active.ShouldBe(0);
        durations.Count.ShouldBe(100);
        var failed = durations.Where(entry => entry.Tags.ContainsKey("error.type")).ToList();
        failed.Count.ShouldBe(50);
        failed.ShouldAllBe(entry =>
            (int)entry.Tags["http.response.status_code"]! == 503 && (string)entry.Tags["error.type"]! == "503"
        );
        durations.ShouldAllBe(entry =>
            (string)entry.Tags["http.request.method"]! == "POST"
            && (string)entry.Tags["server.address"]! == "backend-1"
            && (int)entry.Tags["server.port"]! == server.EndPoint.Port
            && (string)entry.Tags["loadtest.responder.pod"]! == "pod-1"
            && entry.Seconds > 0
        );
    }
}
