using CiliumDebugging.LoadTest.Attack;
using CsCheck;

namespace CiliumDebugging.LoadTest.Tests.Attack;

public sealed class MaxRateTests
{
    [Fact]
    public void The_search_ends_within_five_percent_below_the_highest_rate_that_holds() =>
        Gen.Select(Gen.Double[2, 900_000], Gen.Double[-5, 5]).Sample((limit, wrong) =>
        {
            var search = new RateSearch(limit * Math.Pow(2, wrong));
            while (search.Next is { } rate)
                search.Report(rate <= limit);
            var held = search.Held.ShouldNotBeNull();
            held.ShouldBeLessThanOrEqualTo(limit);
            (held * RateSearch.Precision).ShouldBeGreaterThanOrEqualTo(limit * 0.999);
            return true;
        }, iter: 2000);

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
    public void A_rate_holds_when_nearly_all_is_answered_and_nobody_is_behind(int notSent, int errors, int lateMs, int drainMs, string? problem)
    {
        var results = new AttackResults();
        for (var n = 0; n < 10_000; n++)
        {
            var outcome = n < notSent ? Outcome.NotSent : n < notSent + errors ? Outcome.NoAnswer : Outcome.Response;
            results.Add(new RequestRecord(n, default, default, default, 0, 0, 0, outcome, 200, null, null, 0, 0, ResponseFault.None));
        }

        var step = new RateStep(10_000, TimeSpan.FromSeconds(1), results.Accounting, TimeSpan.FromMilliseconds(lateMs), TimeSpan.FromMilliseconds(drainMs));
        if (problem is null)
            step.Problem.ShouldBeNull();
        else
            step.Problem.ShouldNotBeNull().ShouldContain(problem);
    }

    [Fact]
    public async Task A_server_that_answers_nothing_holds_no_rate()
    {
        await using var server = new TestServer((_, stop) => Task.Delay(Timeout.Infinite, stop));
        var plan = EngineContractTests.Plan(server.EndPoint) with { Duration = MaxRate.MinDuration, Timeout = TimeSpan.FromMilliseconds(1), MaxInFlight = 4 };
        var steps = new List<RateStep>();
        (await MaxRate.FindAsync(plan, AttackEngines.For, steps.Add, TestContext.Current.CancellationToken)).ShouldBeNull();
        steps.ShouldNotBeEmpty();
        steps.ShouldAllBe(step => step.Problem != null);
    }
}
