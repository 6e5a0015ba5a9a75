namespace CiliumDebugging.Statistics.Tests;

public class SkewMonitorTests
{
    [Fact]
    public void Three_even_pods_are_even_after_about_three_thousand_connections()
    {
        var decisions = new List<long>();
        for (var run = 0; run < 21; run++)
        {
            var draws = new Draws(run);
            var monitor = new SkewMonitor(Draws.ThreePods);
            while (monitor.Add(draws.Below(3)) == VerdictKind.Undecided)
                monitor.Connections.ShouldBeLessThan(20_000);
            monitor.State.ShouldBe(VerdictKind.Even);
            decisions.Add(monitor.Connections);
        }
        decisions.Sort();
        decisions[10].ShouldBeInRange(2500, 3700);
    }

    [Fact]
    public void An_even_service_becomes_skewed_and_recovers()
    {
        var draws = new Draws(11);
        var monitor = new SkewMonitor(Draws.ThreePods);
        for (var n = 0; n < 8000; n++)
            monitor.Add(draws.Below(3));
        monitor.State.ShouldBe(VerdictKind.Even);

        monitor.Record(new RecordedEvent("policy applied", TimeSpan.FromSeconds(160)));
        for (var n = 0; n < 2000; n++)
            monitor.Add(draws.Chance(0.9) ? 2 : 0);
        monitor.State.ShouldBe(VerdictKind.Skewed);

        for (var n = 0; n < 15_000; n++)
            monitor.Add(draws.Below(3));
        monitor.State.ShouldBe(VerdictKind.Even);

        var status = monitor.Status();
        var episode = status.Episodes.ShouldHaveSingleItem();
        episode.Onset.Best.Connection.ShouldBe(8000);
        episode.Onset.DescribeEvents().ShouldBe("policy applied");
        episode.ErrorProbability.ShouldBe(1e-4);
        episode.Alarms.ShouldBeGreaterThan(1, "skew went on after the first alarm");
        episode.End.ShouldBe(EpisodeEnd.Recovered);
        episode.EndConnection.ShouldNotBeNull().ShouldBeInRange(11_000, 25_000);
        status.Segment.ShouldBe(1 + episode.Alarms);
        status
            .Verdict.ErrorProbability.ShouldNotBeNull()
            .ShouldBe(1e-4 / (status.Segment * (status.Segment + 1.0)), 1e-18);
    }

    [Fact]
    public void Changed_weights_start_a_new_segment_that_is_judged_by_them()
    {
        var draws = new Draws(12);
        var monitor = new SkewMonitor(Draws.ThreePods);
        for (var n = 0; n < 6000; n++)
            monitor.Add(draws.Below(3));
        monitor.State.ShouldBe(VerdictKind.Even);
        monitor.Expect(
            ExpectedShares.Equal("backend-a", "backend-b"),
            new RecordedEvent("scaled to 2", TimeSpan.FromSeconds(120))
        );
        monitor.State.ShouldBe(VerdictKind.Undecided);
        for (var n = 0; n < 6000; n++)
            monitor.Add(draws.Below(2));
        monitor.State.ShouldBe(VerdictKind.Even);
        monitor.Status().Verdict.Connections.ShouldBe(6000);
        monitor.Status().EpisodesTotal.ShouldBe(0);
    }

    [Fact]
    public void A_change_of_backends_that_leaves_a_pod_starved_is_blamed_on_that_change()
    {
        var draws = new Draws(13);
        var monitor = new SkewMonitor(Draws.ThreePods);
        for (var n = 0; n < 4000; n++)
            monitor.Add(draws.Below(3));
        monitor.Expect(
            ExpectedShares.Equal("backend-a", "backend-b", "backend-d"),
            new RecordedEvent("backend-c replaced by backend-d", TimeSpan.FromSeconds(80))
        );
        while (monitor.Add(draws.From(0.408, 0.408, 0.184)) != VerdictKind.Skewed)
            monitor.Connections.ShouldBeLessThan(7000);
        var onset = monitor.Status().Episodes[0].Onset;
        onset.DescribeEvents().ShouldBe("backend-c replaced by backend-d");
        onset.Expected.Backends[2].ShouldBe("backend-d");
        monitor.Expect(Draws.ThreePods, new RecordedEvent("replaced again", TimeSpan.FromSeconds(100)));
        monitor.Status().Episodes[0].End.ShouldBe(EpisodeEnd.BackendsChanged);
    }

    [Fact]
    public void Slow_failures_look_skewed_in_the_order_of_completion_and_even_in_the_order_of_starts()
    {
        const int slowRequests = 1000; // requests that start before the slow pod's first answer: 2 s at 500/s
        var draws = new Draws(14);
        var (byStart, byCompletion) = (new SkewMonitor(Draws.ThreePods), new SkewMonitor(Draws.ThreePods));
        var prefix = new ResolvedPrefix<int>();
        var slow = new Queue<(long Sequence, long DoneAt)>();
        var calledSkewed = false;
        for (var n = 0; n < 6000; n++)
        {
            while (slow.TryPeek(out var done) && done.DoneAt <= n)
                Complete(slow.Dequeue().Sequence, 2);
            var (sequence, backend) = (prefix.Begin(), draws.Below(3));
            if (backend == 2)
                slow.Enqueue((sequence, n + slowRequests));
            else
                Complete(sequence, backend);
            while (prefix.TryRelease(out var item))
                byStart.Add(item.Outcome).ShouldNotBe(VerdictKind.Skewed);
        }
        calledSkewed.ShouldBeTrue();
        byStart.State.ShouldBe(VerdictKind.Even);

        void Complete(long sequence, int backend)
        {
            prefix.Resolve(sequence, backend);
            calledSkewed |= byCompletion.Add(backend) == VerdictKind.Skewed;
        }
    }
}
