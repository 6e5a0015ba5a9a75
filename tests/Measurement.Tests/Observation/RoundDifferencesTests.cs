using System.Collections.Immutable;
using CiliumDebugging.Measurement.Observation;

namespace CiliumDebugging.Measurement.Tests.Observation;

/// <summary>Increments of counters, and when there are none.</summary>
public class RoundDifferencesTests
{
    private static readonly ScrapeTarget s_agent = new(TargetKind.Hubble, "node1");

    [Fact]
    public void An_increment_is_what_was_counted_between_two_rounds_and_an_absent_counter_is_0()
    {
        var differences = new RoundDifferences();
        differences.Add(Round(0, ("a", 10))).ShouldBeNull();
        differences
            .Add(Round(5, ("a", 14), ("b", 3)))!
            .Counts.Select(c => (c.Key.Pod, c.Value))
            .ShouldBe([("a", 4.0), ("b", 3.0)], ignoreOrder: true);
    }

    [Fact]
    public void A_missed_scrape_costs_none_of_the_counts()
    {
        var differences = new RoundDifferences();
        differences.Add(Round(0, ("a", 10)));
        differences.Add(new ScrapeRound(5, [TargetScrape.Failed(s_agent, "no answer")])).ShouldBeNull();
        var difference = differences.Add(Round(10, ("a", 30))).ShouldNotBeNull();
        (difference.From, difference.Counts.Single().Value).ShouldBe((0, 20));
    }

    [Fact]
    public void A_counter_that_goes_back_costs_the_interval()
    {
        var differences = new RoundDifferences();
        differences.Add(Round(0, ("a", 10)));
        differences.Add(Round(5, ("a", 2))).ShouldBeNull();
        differences.Add(Round(10, ("a", 5)))!.Counts.Single().Value.ShouldBe(3);
        (differences.IntervalsLost, differences.Targets[s_agent].Restarts).ShouldBe((1, 1));
    }

    [Fact]
    public void A_process_that_has_no_counters_yet_has_begun_anew()
    {
        var differences = new RoundDifferences();
        differences.Add(Round(0, ("a", 10), ("b", 10)));
        differences.Add(Round(5)).ShouldBeNull();
        differences.Targets[s_agent].Restarts.ShouldBe(1);
    }

    [Fact]
    public void A_counter_of_a_deleted_pod_that_is_forgotten_is_no_restart()
    {
        var differences = new RoundDifferences();
        differences.Add(Round(0, ("a", 10), ("b", 10)));
        differences.Add(Round(5, ("a", 12)))!.Counts.Single().Value.ShouldBe(2);
        differences.Targets[s_agent].Restarts.ShouldBe(0);
    }

    [Fact]
    public void What_is_counted_until_the_round_after_a_change_belongs_to_nothing_and_is_no_restart()
    {
        var differences = new RoundDifferences();
        differences.Add(Round(0, ("a", 10)));
        differences.Forget();
        differences.Add(Round(5, ("b", 3))).ShouldBeNull();
        differences.Add(Round(10, ("b", 7)))!.Counts.Single().Value.ShouldBe(4);
        (differences.IntervalsLost, differences.Targets[s_agent].Restarts).ShouldBe((0, 0));
    }

    private static ScrapeRound Round(double at, params (string Pod, double Count)[] counts) =>
        new(
            at,
            [
                new TargetScrape(
                    s_agent,
                    counts.ToImmutableDictionary(
                        c => new CounterKey(CounterKind.Requests, s_agent, "client", c.Pod),
                        c => c.Count
                    )
                ),
            ]
        );
}
