using System.Net;
using CiliumDebugging.LoadTest.Attack.Plan;
using CsCheck;

namespace CiliumDebugging.LoadTest.Tests.Attack;

public sealed class PacerTests
{
    private static readonly Gen<double> s_rates = Gen.OneOf(
        Gen.Double[0.001, 1],
        Gen.Double[1, 20_000],
        Gen.Int[1, 1_000_000].Select(rate => (double)rate)
    );

    [Fact]
    public void Intended_starts_are_even_and_do_not_drift() =>
        Gen.Select(s_rates, Gen.Long[0, 100_000_000])
            .Sample(
                (rate, hit) =>
                {
                    var pacer = new Pacer(rate, null);
                    pacer.IntendedStart(hit).TotalSeconds.ShouldBe(hit / rate, tolerance: 1e-7 + (hit / rate * 1e-12));
                    pacer.IntendedStart(hit + 1).ShouldBeGreaterThanOrEqualTo(pacer.IntendedStart(hit));
                },
                iter: 5000
            );

    [Fact]
    public void A_request_waits_until_it_is_due_and_never_longer() =>
        Gen.Select(s_rates, Gen.Long[0, 1_000_000], Gen.Double[0, 1000])
            .Sample(
                (rate, hits, seconds) =>
                {
                    var elapsed = TimeSpan.FromSeconds(seconds);
                    var pace = new Pacer(rate, null).Next(elapsed, hits);
                    var due = new Pacer(rate, null).IntendedStart(hits);
                    pace.Stop.ShouldBeFalse();
                    pace.Wait.ShouldBe(due > elapsed ? due - elapsed : TimeSpan.Zero);
                },
                iter: 5000
            );

    [Fact]
    public void The_duration_decides_the_number_of_requests() =>
        Gen.Select(Gen.Int[1, 5000], Gen.Int[1, 600])
            .Sample(
                (rate, seconds) =>
                {
                    var pacer = new Pacer(rate, TimeSpan.FromSeconds(seconds));
                    var total = (long)rate * seconds;
                    pacer.DueBefore(TimeSpan.MaxValue).ShouldBe(total);
                    pacer.Next(TimeSpan.Zero, total - 1).Stop.ShouldBeFalse();
                    pacer.Next(TimeSpan.Zero, total).Stop.ShouldBeTrue();
                },
                iter: 5000
            );

    [Fact]
    public void What_is_due_before_a_time_starts_before_it() =>
        Gen.Select(s_rates, Gen.Long[0, 1_000_000_000])
            .Sample(
                (rate, ticks) =>
                {
                    var pacer = new Pacer(rate, null);
                    var elapsed = TimeSpan.FromTicks(ticks);
                    var count = pacer.DueBefore(elapsed);
                    if (count > 0)
                        pacer.IntendedStart(count - 1).ShouldBeLessThan(elapsed);
                    pacer.IntendedStart(count).ShouldBeGreaterThanOrEqualTo(elapsed);
                },
                iter: 5000
            );

    [Fact]
    public void A_burst_of_a_worker_is_due_with_its_first_request_and_the_number_of_requests_stays() =>
        Gen.Select(s_rates, Gen.Int[1, 32], Gen.Int[1, 8], Gen.Long[0, 1_000_000], Gen.Double[0.001, 100])
            .Sample(
                (rate, burst, workers, round, seconds) =>
                {
                    var duration = TimeSpan.FromSeconds(seconds);
                    var (pacer, single) = (new Pacer(rate, duration, burst, workers), new Pacer(rate, duration));
                    for (var worker = 0; worker < workers; worker++)
                    {
                        var hit = (round * workers) + worker;
                        var first = ((round - (round % burst)) * workers) + worker;
                        pacer.IntendedStart(hit).ShouldBe(single.IntendedStart(first));
                        pacer.Next(TimeSpan.Zero, hit).Stop.ShouldBe(single.Next(TimeSpan.Zero, hit).Stop);
                    }
                    var total = pacer.DueBefore(TimeSpan.MaxValue);
                    pacer.Next(TimeSpan.Zero, total).Stop.ShouldBeTrue();
                    if (total > 0)
                        pacer.Next(TimeSpan.Zero, total - 1).Stop.ShouldBeFalse();
                },
                iter: 2000
            );

    [Theory]
    [InlineData(999, 1, 1)]
    [InlineData(1000, 1, 2)]
    [InlineData(1998, 2, 1)]
    [InlineData(4999, 1, 2)]
    [InlineData(5000, 1, 1)]
    [InlineData(5000, 2, 2)]
    [InlineData(50_000, 4, 1)]
    [InlineData(double.PositiveInfinity, 1, 1)]
    public void Requests_start_in_pairs_where_each_would_wake_two_processors(double rate, int workers, int burst)
    {
        var plan = EngineContractTests.Plan(new IPEndPoint(IPAddress.Loopback, 80)) with { RatePerSecond = rate };
        plan.BurstOf(workers).ShouldBe(burst);
        (plan with { KeepAliveConnections = 8 }).BurstOf(workers).ShouldBe(1);
        (plan with { MaxInFlight = 63 * workers }).BurstOf(workers).ShouldBe(1);
        (plan with { Burst = 7 }).BurstOf(workers).ShouldBe(double.IsPositiveInfinity(rate) ? 1 : 7);
    }

    [Fact]
    public void An_unlimited_pacer_only_ends()
    {
        var pacer = new Pacer(double.PositiveInfinity, TimeSpan.FromSeconds(1));
        pacer
            .Next(TimeSpan.FromSeconds(0.9), 1_000_000)
            .ShouldBe(new Pace(TimeSpan.Zero, TimeSpan.FromSeconds(0.9), false));
        pacer.Next(TimeSpan.FromSeconds(1), 0).Stop.ShouldBeTrue();
    }
}
