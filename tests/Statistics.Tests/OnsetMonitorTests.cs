namespace CiliumDebugging.Statistics.Tests;

public class OnsetMonitorTests
{
    private static readonly double[] s_stale = [0.408, 0.408, 0.184];

    [Fact]
    public void Wealth_is_the_weighted_sum_of_the_evidence_since_each_start()
    {
        var monitor = new OnsetMonitor(Draws.ThreePods);
        var draws = new Draws(3);
        int[] selections = [.. Enumerable.Range(0, 25).Select(_ => draws.From(0.6, 0.3, 0.1))];
        for (var i = 0; i < selections.Length; i++)
        {
            if (i == 7)
                monitor.Record(new RecordedEvent("policy applied", TimeSpan.FromSeconds(7)));
            monitor.Add(selections[i]);
        }
        double E(int from) =>
            Math.Exp(
                SkewTest
                    .Evaluate(
                        Draws.ThreePods,
                        BackendCounts.Of([
                            .. Enumerable.Range(0, 3).Select(b => (long)selections[from..].Count(s => s == b)),
                        ])
                    )
                    .LogEvidenceSkewed
            );
        var expected = E(0) / 4 + E(10) / 12 + E(20) / 24 + E(7) / 4;
        Math.Exp(monitor.LogWealth()).ShouldBe(expected, 1e-9 * expected);
    }

    [Fact]
    public void The_alarm_is_raised_when_the_wealth_reaches_one_over_alpha()
    {
        var delays = new List<int>();
        for (var run = 0; run < 5; run++)
        {
            var monitor = new OnsetMonitor(Draws.ThreePods);
            var draws = new Draws(run);
            var (alarm, crossing) = (0, 0);
            for (var n = 1; alarm == 0; n++)
            {
                n.ShouldBeLessThan(5000);
                if (monitor.Add(n <= 300 ? draws.Below(3) : draws.From(s_stale)))
                    alarm = n;
                if (crossing == 0 && n > 400 && monitor.LogWealth() >= Math.Log(1e4))
                    crossing = n;
            }
            crossing.ShouldBeInRange(1, alarm, "never early");
            delays.Add(alarm - crossing);
        }
        // Looks may be 1 % of the data since the best start apart, and the wealth may fall back below the threshold
        // between two of them.
        delays.Sort();
        delays[2].ShouldBeLessThanOrEqualTo(5);
    }

    [Fact]
    public void Looking_less_often_never_raises_an_alarm_earlier()
    {
        for (var run = 0; run < 10; run++)
        {
            var draws = new Draws(run);
            var monitor = new OnsetMonitor(Draws.ThreePods, new VerdictOptions { ErrorProbability = 0.01 });
            int? everyConnection = null,
                everyFiftieth = null;
            for (var n = 1; n <= 1500; n++)
            {
                if (monitor.Add(draws.From(s_stale)))
                    everyConnection = n;
                if (n % 50 == 0 && everyFiftieth is null && monitor.LogWealth() >= Math.Log(100))
                    everyFiftieth = n;
            }
            if (everyFiftieth is { } late)
                everyConnection.ShouldNotBeNull().ShouldBeLessThanOrEqualTo(late + late / 100);
        }
    }

    [Fact]
    public void Skew_after_a_recorded_event_names_the_event()
    {
        var monitor = new OnsetMonitor(Draws.ThreePods);
        var draws = new Draws(5);
        for (var n = 0; n < 3000; n++)
            monitor.Add(draws.Below(3), TimeSpan.FromMilliseconds(20 * n));
        monitor.Record(new RecordedEvent("load-test policy applied", TimeSpan.FromSeconds(60)));
        var after = 0;
        while (!monitor.Add(2, TimeSpan.FromMilliseconds(20 * (3000 + after))))
            after++;
        after.ShouldBeLessThan(25);
        var onset = monitor.Onset.ShouldNotBeNull();
        onset.Best.Connection.ShouldBe(3000);
        onset.Best.At.ShouldBe(TimeSpan.FromSeconds(60));
        onset.DescribeEvents().ShouldBe("load-test policy applied");
        onset.Since.PerBackend.ShouldBe([0, 0, after + 1]);
    }

    [Fact]
    public void Skew_far_from_every_recorded_event_says_so()
    {
        var monitor = new OnsetMonitor(Draws.ThreePods);
        var draws = new Draws(6);
        monitor.Record(new RecordedEvent("deployment scaled", TimeSpan.Zero));
        for (var n = 0; n < 5000; n++)
            monitor.Add(draws.Below(3)).ShouldBeFalse();
        while (!monitor.Add(2)) { }
        var onset = monitor.Onset.ShouldNotBeNull();
        onset.Best.Connection.ShouldBeInRange(4980, 5020);
        onset.Events.ShouldBeEmpty();
        onset.DescribeEvents().ShouldBe("no recorded event");
    }

    [Fact]
    public void Selections_that_should_not_exist_raise_the_alarm_soon()
    {
        var monitor = new OnsetMonitor(ExpectedShares.Weighted(["a", "b", "unready"], [1, 1, 0]));
        for (var n = 0; n < 90; n++)
            monitor.Add(n % 2).ShouldBeFalse();
        monitor.Record(new RecordedEvent("readiness probe failed", TimeSpan.FromSeconds(1)));
        var alarm = 0;
        while (!monitor.Add(alarm % 3))
            alarm++;
        alarm.ShouldBeLessThan(60);
        monitor.Onset.ShouldNotBeNull().DescribeEvents().ShouldBe("readiness probe failed");
    }

    [Fact]
    public void Stray_selections_are_not_episodes()
    {
        var (monitor, draws) = (new SkewMonitor(ExpectedShares.Weighted(["local", "b", "c"], [1, 0, 0])), new Draws(3));
        for (var n = 0; n < 4000; n++)
            monitor.Add(draws.Chance(0.03) ? 1 + draws.Below(2) : 0);
        monitor.Status().EpisodesTotal.ShouldBe(0);
        monitor.State.ShouldBe(VerdictKind.Even);
        for (var n = 0; n < 400; n++)
            monitor.Add(draws.Below(3));
        monitor.Status().EpisodesTotal.ShouldBe(1);
    }

    [Fact]
    public void A_service_with_one_backend_is_watched_without_an_alarm()
    {
        var monitor = new SkewMonitor(ExpectedShares.Equal("only"));
        for (var n = 0; n < 100; n++)
            monitor.Add(0).ShouldBe(VerdictKind.Even);
        new SkewMonitor(ExpectedShares.Equal()).Add(null).ShouldBe(VerdictKind.Undecided);
    }

    [Fact]
    public void Unattributed_selections_never_raise_an_alarm_by_themselves()
    {
        var monitor = new OnsetMonitor(Draws.ThreePods);
        for (var n = 0; n < 2000; n++)
            monitor.Add(n % 3 == 0 ? 2 : null).ShouldBeFalse();
        monitor.Onset.ShouldBeNull();
    }

    [Fact]
    public void The_memory_of_a_long_run_stays_small()
    {
        var monitor = new OnsetMonitor(Draws.ThreePods);
        var draws = new Draws(8);
        for (var n = 0; n < 50_000; n++)
        {
            if (n % 100 == 0)
                monitor.Record(new RecordedEvent("event", TimeSpan.Zero));
            monitor.Add(draws.Below(3));
        }
        monitor.Remembered.ShouldBeLessThan(500);
    }

    [Fact]
    public void Even_selections_rarely_raise_an_alarm_however_long_they_are_watched()
    {
        var alarms = 0;
        for (var run = 0; run < 150; run++)
        {
            var draws = new Draws(run);
            var monitor = new OnsetMonitor(Draws.ThreePods, new VerdictOptions { ErrorProbability = 0.05 });
            for (var n = 0; n < 2000 && monitor.Onset is null; n++)
            {
                if (n % 500 == 0)
                    monitor.Record(new RecordedEvent("event", TimeSpan.Zero));
                alarms += monitor.Add(draws.Below(3)) ? 1 : 0;
            }
        }
        // Binomial(150, 0.05): mean 7.5, standard deviation 2.7.
        alarms.ShouldBeLessThanOrEqualTo(15);
    }

    [Theory]
    [InlineData(0, 600)]
    [InlineData(500, 900)]
    public void Stale_conntrack_is_found_within_its_median_number_of_connections(int evenBefore, int medianMost)
    {
        var delays = new List<int>();
        for (var run = 0; run < 31; run++)
        {
            var draws = new Draws(run);
            var monitor = new OnsetMonitor(Draws.ThreePods);
            for (var n = 0; n < evenBefore; n++)
                monitor.Add(draws.Below(3));
            if (evenBefore == 0)
                monitor.Record(new RecordedEvent("pod replaced", TimeSpan.Zero));
            var delay = 1;
            while (monitor.Onset is null && !monitor.Add(draws.From(s_stale)))
                delay++;
            delays.Add(delay);
        }
        delays.Sort();
        delays[15].ShouldBeLessThanOrEqualTo(medianMost);
    }
}
