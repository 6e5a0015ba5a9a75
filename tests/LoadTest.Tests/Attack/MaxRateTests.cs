using System.Net;
using CiliumDebugging.LoadTest.Attack;
using CiliumDebugging.LoadTest.Attack.Engines;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Attack.Search;
using CiliumDebugging.LoadTest.Contract;
using CsCheck;

namespace CiliumDebugging.LoadTest.Tests.Attack;

public sealed class MaxRateTests
{
    [Fact]
    public void The_search_ends_within_five_percent_below_the_highest_rate_that_holds() =>
        Gen.Select(Gen.Double[2, 900_000], Gen.Double[-5, 5])
            .Sample(
                (limit, wrong) =>
                {
                    var search = new RateSearch(limit * Math.Pow(2, wrong));
                    while (search.Next is { } rate)
                        search.Report(rate <= limit);
                    var held = search.Held.ShouldNotBeNull();
                    held.ShouldBeLessThanOrEqualTo(limit);
                    (held * RateSearch.Precision).ShouldBeGreaterThanOrEqualTo(limit * 0.999);
                    return true;
                },
                iter: 2000
            );

    [Fact]
    public void A_search_in_which_nothing_holds_ends_without_a_rate()
    {
        var search = new RateSearch(1000);
        while (search.Next is not null)
            search.Report(holds: false);
        (search.Held, search.Steps).ShouldBe((null, 11));
    }

    [Theory]
    [InlineData(0, 0, 1, 10, null)]
    [InlineData(11, 0, 1, 10, "11 not sent")]
    [InlineData(0, 11, 1, 10, "11 errors")]
    [InlineData(10, 0, 1, 10, null)]
    [InlineData(0, 0, 21, 10, "the generator is late")]
    [InlineData(0, 0, 1, 201, "the last answers came")]
    public void A_rate_holds_when_nearly_all_is_answered_and_nobody_is_behind(
        int notSent,
        int errors,
        int lateMs,
        int drainMs,
        string? problem
    )
    {
        var results = new AttackResults();
        for (var n = 0; n < 10_000; n++)
        {
            var outcome =
                n < notSent ? Outcome.NotSent
                : n < notSent + errors ? Outcome.NoAnswer
                : Outcome.Response;
            results.Add(
                new RequestRecord
                {
                    Sequence = n,
                    Connection = 0,
                    Outcome = outcome,
                    Status = 200,
                }
            );
        }
        var step = new RateStep(
            10_000,
            TimeSpan.FromSeconds(1),
            results.Accounting,
            TimeSpan.FromMilliseconds(lateMs),
            TimeSpan.FromMilliseconds(drainMs)
        );
        if (problem is null)
            step.Problem.ShouldBeNull();
        else
            step.Problem.ShouldNotBeNull().ShouldContain(problem);
    }

    [Fact]
    public async Task A_rate_that_holds_for_a_moment_is_tried_for_longer_and_lowered()
    {
        var plan = EngineContractTests.Plan(new IPEndPoint(IPAddress.Loopback, 80)) with
        {
            Duration = MaxRate.MinDuration,
            Burst = 32,
            Workers = 3,
        };
        var steps = new List<RateStep>();
        var found = (
            await MaxRate.FindAsync(
                plan,
                _ => new SlowlyFillingQueue(),
                steps.Add,
                TestContext.Current.CancellationToken
            )
        ).ShouldNotBeNull();
        found.Duration.ShouldBe(MaxRate.MinDuration / 2);
        found.RatePerSecond.ShouldBeInRange(SlowlyFillingQueue.Sustained * 0.88, SlowlyFillingQueue.Sustained);
        steps[^1].Problem.ShouldBeNull();
        steps[^1].Length.ShouldBeGreaterThan(steps[0].Length);
        TimeSpan.FromTicks(steps.Sum(step => step.Length.Ticks)).ShouldBeLessThanOrEqualTo(MaxRate.MinDuration / 2);
    }

    /// <summary>Answers at once: 1,000 requests a second for ever, 1,100 for 0.3 s.</summary>
    private sealed class SlowlyFillingQueue : IAttackEngine
    {
        public const double Sustained = 1000,
            ForAMoment = 1100;

        public string Name => "queue";

        public int WorkersOf(AttackPlan plan) => 1;

        public Task RunAsync(AttackContext context)
        {
            var (rate, length) = (Math.Min(context.Plan.RatePerSecond, 2000), context.Plan.Duration!.Value);
            var most = length < TimeSpan.FromSeconds(0.3) ? ForAMoment : Sustained;
            for (var n = 0; n < rate * length.TotalSeconds; n++)
            {
                context.Recorder.Intended();
                if (n >= most * length.TotalSeconds)
                {
                    context.Recorder.Add(RequestRecord.Unsent(n, default, default, Outcome.NotSent));
                    continue;
                }
                context.Recorder.Started(n, default, default);
                context.Recorder.Add(
                    new RequestRecord
                    {
                        Sequence = n,
                        SourcePort = 1,
                        Connection = n,
                        Outcome = Outcome.Response,
                        Status = 200,
                        Pod = "p",
                        Node = "n",
                        BytesReceived = 1,
                    }
                );
            }
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_server_that_answers_nothing_holds_no_rate()
    {
        await using var server = new TestServer((_, stop) => Task.Delay(Timeout.Infinite, stop));
        var plan = EngineContractTests.Plan(server.EndPoint) with
        {
            Duration = MaxRate.MinDuration,
            Timeout = TimeSpan.FromMilliseconds(1),
            MaxInFlight = 4,
        };
        var steps = new List<RateStep>();
        (
            await MaxRate.FindAsync(plan, AttackEngines.For, steps.Add, TestContext.Current.CancellationToken)
        ).ShouldBeNull();
        steps.ShouldNotBeEmpty();
        steps.ShouldAllBe(step => step.Problem != null);
    }

    [Fact]
    public async Task Requests_that_a_server_keeps_open_do_not_hold_the_search_up()
    {
        var answer = TestServer.Answering(TestServer.Ok());
        var connections = 0;
        await using var server = new TestServer(
            (socket, stop) =>
                Interlocked.Increment(ref connections) % 5 == 0
                    ? Task.Delay(Timeout.Infinite, stop)
                    : answer(socket, stop)
        );
        // Whether the search waits for this time-out is the question.
        var plan = EngineContractTests.Plan(server.EndPoint) with
        {
            Duration = MaxRate.MinDuration,
            Timeout = TimeSpan.FromHours(1),
        };
        var steps = new List<RateStep>();
        await MaxRate
            .FindAsync(plan, AttackEngines.For, steps.Add, TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);

        steps.ShouldNotBeEmpty();
        steps.ShouldAllBe(step => step.Accounting[Outcome.Canceled] == 0 || step.Problem != null);
        steps.ShouldAllBe(step => step.Accounting.Discrepancies().Count == 0);
    }

    [Fact]
    public void What_is_not_answered_at_the_end_of_a_step_is_no_error_and_does_not_hold()
    {
        var results = new AttackResults();
        for (var n = 0; n < 10_000; n++)
            results.Add(
                new RequestRecord
                {
                    Sequence = n,
                    Connection = 0,
                    Outcome = n == 0 ? Outcome.Canceled : Outcome.Response,
                    Status = 200,
                }
            );
        new RateStep(10_000, TimeSpan.FromSeconds(1), results.Accounting, default, default).Problem.ShouldBe(
            "1 not answered 200.00ms after the end"
        );
    }
}
