using System.Diagnostics;
using System.Text;
using CiliumDebugging.LoadTest.Attack;
using CiliumDebugging.LoadTest.Attack.Telemetry;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>A generator that stalls, whose timers fire late, must not count late answers as successes.</summary>
public sealed class LateAnswerTests
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(100);

    public static TheoryData<string> Engines => EngineContractTests.Engines;

    [Theory, MemberData(nameof(Engines))]
    public async Task An_answer_after_the_timeout_is_none(string engine)
    {
        // One second too early, and one too late.
        (await AnsweredAfterAsync(engine, s_timeout - TimeSpan.FromSeconds(1))).ShouldBe(
            (Outcome.Response, 200, "pod-1", "200")
        );
        (await AnsweredAfterAsync(engine, s_timeout + TimeSpan.FromSeconds(1))).ShouldBe(
            (Outcome.NoAnswer, 0, null, null)
        );
    }

    /// <summary>What becomes of a request whose answer comes while the generator is stalled.</summary>
    private static async Task<(Outcome Outcome, int Status, string? Pod, string? Traced)> AnsweredAfterAsync(
        string engine,
        TimeSpan stall
    )
    {
        var time = new JumpingTime();
        await using var server = new TestServer(
            async (socket, stop) =>
            {
                await TestServer.ReadRequestAsync(socket, stop);
                time.Jump(stall);
                await socket.SendAsync(Encoding.Latin1.GetBytes(TestServer.Ok()), stop);
            }
        );
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RequestTracer.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                lock (spans)
                    if (Equals(span.GetTagItem("network.peer.port"), server.EndPoint.Port))
                        spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        var sink = new RecordingSink();
        var plan = EngineContractTests.Plan(server.EndPoint) with
        {
            RatePerSecond = 1,
            Duration = TimeSpan.FromSeconds(1),
            Timeout = s_timeout,
        };
        await using var attack = AttackControl.Start(
            plan,
            sink,
            EngineContractTests.Engine(engine),
            time,
            TestContext.Current.CancellationToken
        );

        var accounting = await attack.Completion;

        var record = sink.Records.ShouldHaveSingleItem();
        accounting[record.Outcome].ShouldBe(1);
        var traced = spans.ShouldHaveSingleItem().GetTagItem("http.response.status_code")?.ToString();
        return (record.Outcome, record.Status, record.Pod, traced);
    }

    /// <summary>The system's clock and timers, except that its time jumps and its timers do not.</summary>
    private sealed class JumpingTime : TimeProvider
    {
        private long _jumped;

        public void Jump(TimeSpan by) =>
            Interlocked.Add(ref _jumped, by.Ticks * (TimestampFrequency / TimeSpan.TicksPerSecond));

        public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _jumped);
    }
}
