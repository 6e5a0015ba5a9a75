using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.LoadBalancing;
using CsCheck;

namespace CiliumDebugging.Datapath.Tests.LoadBalancing;

public class ServiceConntrackTests
{
    private const long Lifetime = 100;
    private const long Interval = 30;

    [Fact]
    public void A_client_without_an_entry_misses()
    {
        new ServiceConntrack(Lifetime, Interval).TryGet(Client(1), 0, out var backend).ShouldBeFalse();
        backend.ShouldBe(0);
    }

    /// <summary>As in bpf/lib/conntrack.h: the look-up does not ask for the lifetime, only the garbage collector
    /// does.</summary>
    [Fact]
    public void An_entry_past_its_lifetime_is_used_until_a_sweep_deletes_it()
    {
        var conntrack = new ServiceConntrack(Lifetime, Interval);
        conntrack.TryGet(Client(0), 0, out _); // sweeps at 30, 60, 90, 120, 150, …
        conntrack.Set(Client(1), 7, nowTicks: 10);
        conntrack.Set(Client(2), 8, nowTicks: 10);
        conntrack.TryGet(Client(1), 119, out var backend).ShouldBeTrue();
        backend.ShouldBe(7);
        conntrack.TryGet(Client(2), 120, out _).ShouldBeFalse();
        conntrack.TryGet(Client(1), 121, out _).ShouldBeTrue();
    }

    [Fact]
    public void A_hit_prolongs_the_entry()
    {
        var conntrack = new ServiceConntrack(Lifetime, Interval);
        conntrack.Set(Client(1), 7, 0);
        for (var now = 90L; now < 10 * Lifetime; now += 90)
            conntrack.TryGet(Client(1), now, out _).ShouldBeTrue();
    }

    [Fact]
    public void Another_port_of_the_client_and_another_service_have_entries_of_their_own()
    {
        var conntrack = new ServiceConntrack(Lifetime, Interval);
        conntrack.Set(Client(1), 7, 0);
        conntrack.TryGet(Client(2), 0, out _).ShouldBeFalse();
        conntrack.TryGet(Client(1) with { Destination = new TcpEndpoint(99, 81) }, 0, out _).ShouldBeFalse();
    }

    [Fact]
    public void Dead_entries_are_swept_at_the_interval()
    {
        var conntrack = new ServiceConntrack(Lifetime, Interval);
        conntrack.TryGet(Client(0), 0, out _);
        for (var port = 1; port <= 50; port++)
            conntrack.Set(Client(port), port, 0);
        conntrack.TryGet(Client(0), Lifetime + Interval, out _).ShouldBeFalse();
        conntrack.Count.ShouldBe(0);
    }

    [Theory]
    [InlineData(ConntrackReopen.Reuse, 59, true)]
    [InlineData(ConntrackReopen.Reuse, 61, true)]
    [InlineData(ConntrackReopen.SelectAfterGrace, 59, true)]
    [InlineData(ConntrackReopen.SelectAfterGrace, 61, false)]
    [InlineData(ConntrackReopen.Select, 0, false)]
    public void A_syn_on_a_closed_entry_reuses_it_or_not(ConntrackReopen reopen, int secondsClosed, bool reused)
    {
        var second = TimeSpan.TicksPerSecond;
        var conntrack = new ServiceConntrack(21_600 * second, 300 * second, reopen: reopen);
        conntrack.Set(Client(1), 7, 0);
        conntrack.TryGet(Client(1), 500 * second, out _).ShouldBeTrue(); // open for however long
        conntrack.Close(Client(1), 1_000 * second);
        conntrack.TryGet(Client(1), (1_000 + secondsClosed) * second, out _).ShouldBe(reused);
    }

    [Fact]
    public void Closing_is_a_segment_too_and_prolongs_the_entry_and_closing_what_is_not_there_does_nothing()
    {
        var conntrack = new ServiceConntrack(Lifetime, Interval);
        conntrack.TryGet(Client(0), 0, out _);
        conntrack.Set(Client(1), 7, 0);
        conntrack.Close(Client(1), 90);
        conntrack.Close(Client(2), 90);
        conntrack.Count.ShouldBe(1);
        conntrack.TryGet(Client(1), 185, out _).ShouldBeTrue();
    }

    /// <summary>CT_SYN_TIMEOUT: 60 s in every release, until a further segment of the client.</summary>
    [Fact]
    public void A_lone_syn_lives_60_seconds_and_what_follows_it_gives_it_the_full_lifetime()
    {
        var second = TimeSpan.TicksPerSecond;
        var conntrack = new ServiceConntrack(21_600 * second, 10 * second);
        conntrack.TryGet(Client(0), 0, out _);
        foreach (var port in (int[])[1, 2, 3])
            conntrack.Set(Client(port), port, 0);
        conntrack.Continue(Client(2), second).ShouldBe(2);
        // Another SYN prolongs a lone SYN by 60 s.
        conntrack.TryGet(Client(3), 30 * second, out _).ShouldBeTrue();
        conntrack.TryGet(Client(1), 71 * second, out _).ShouldBeFalse();
        conntrack.TryGet(Client(3), 89 * second, out _).ShouldBeTrue();
        conntrack.TryGet(Client(3), 161 * second, out _).ShouldBeFalse();
        conntrack.TryGet(Client(2), 20_000 * second, out _).ShouldBeTrue();
        conntrack.Continue(Client(9), 0).ShouldBe(0);
    }

    [Fact]
    public void A_closed_entry_has_the_lifetime_of_closed_ones()
    {
        var second = TimeSpan.TicksPerSecond;
        var conntrack = new ServiceConntrack(8_000 * second, second, closedLifetimeTicks: 10 * second);
        conntrack.TryGet(Client(0), 0, out _);
        conntrack.Set(Client(1), 7, 0);
        conntrack.Close(Client(1), 0).ShouldBe(7);
        conntrack.TryGet(Client(1), 10 * second, out _).ShouldBeTrue();
        conntrack.Close(Client(1), 10 * second);
        conntrack.TryGet(Client(1), 22 * second, out _).ShouldBeFalse();
    }

    /// <summary>pkg/maps/ctmap, calculateInterval.</summary>
    [Theory]
    [InlineData(300, 0, 300)]
    [InlineData(300, 1, 450)]
    [InlineData(40_000, 1, 43_200)]
    [InlineData(300, 52_429, 300)]
    [InlineData(300, 262_144, 150)]
    [InlineData(300, 524_288, 30)]
    [InlineData(12, 524_288, 10)]
    public void The_adaptive_interval_follows_what_a_sweep_deleted(int seconds, int deleted, int next) =>
        (GcInterval.Next(seconds * TimeSpan.TicksPerSecond, deleted) / TimeSpan.TicksPerSecond).ShouldBe(next);

    [Fact]
    public void With_interval_0_sweeps_begin_after_5_minutes_and_come_less_often_while_little_is_deleted()
    {
        var second = TimeSpan.TicksPerSecond;
        var conntrack = new ServiceConntrack(second, 0);
        conntrack.TryGet(Client(0), 0, out _);
        conntrack.Set(Client(1), 7, 0);
        conntrack.TryGet(Client(9), 299 * second, out _);
        conntrack.Count.ShouldBe(1);
        conntrack.TryGet(Client(9), 300 * second, out _);
        conntrack.Count.ShouldBe(0);
        conntrack.Set(Client(1), 7, 300 * second);
        conntrack.TryGet(Client(9), 749 * second, out _);
        conntrack.Count.ShouldBe(1);
        conntrack.TryGet(Client(9), 750 * second, out _);
        conntrack.Count.ShouldBe(0);
    }

    [Fact]
    public void The_map_outlives_the_agent_that_filled_it()
    {
        var map = new ConntrackMap();
        new ServiceConntrack(Lifetime, Interval, map).Set(Client(1), 7, 0);
        new ServiceConntrack(2 * Lifetime, 2 * Interval, map).TryGet(Client(1), 50, out var backend).ShouldBeTrue();
        backend.ShouldBe(7);
    }

    /// <summary>Any sequence of SYNs and FINs against a naive table that is swept at exactly the times it should
    /// be.</summary>
    [Fact]
    public void It_answers_as_a_table_that_is_swept_on_time()
    {
        var operations = Gen.Select(Gen.Int[0, 2], Gen.Int[1, 5], Gen.Int[0, 80]).List[0, 80];
        Gen.Select(operations, Gen.Long[1, 150], Gen.Long[1, 90], Gen.Enum<ConntrackReopen>(), Gen.Long[0, 100])
            .Sample(
                (steps, lifetime, gcInterval, reopen, grace) =>
                {
                    var conntrack = new ServiceConntrack(lifetime, gcInterval, null, reopen, grace);
                    var naive = new Dictionary<int, (int Backend, long Expires, long? ClosedAt)>();
                    var (now, backend) = (0L, 0);
                    conntrack.TryGet(Client(0), now, out _); // sweeps are counted from the first look-up
                    foreach (var (kind, port, pause) in steps)
                    {
                        for (var t = now + 1; t <= now + pause; t++)
                        {
                            if (t % gcInterval == 0)
                                foreach (var dead in naive.Where(e => e.Value.Expires < t).Select(e => e.Key).ToList())
                                    naive.Remove(dead);
                        }
                        now += pause;
                        var closed = naive.TryGetValue(port, out var entry) ? entry.ClosedAt : null;
                        var selects =
                            closed is { } at
                            && (
                                reopen is ConntrackReopen.Select
                                || (reopen is ConntrackReopen.SelectAfterGrace && now - at >= grace)
                            );
                        var expected = naive.ContainsKey(port) && !selects;
                        if (
                            conntrack.TryGet(Client(port), now, out var found) != expected
                            || found != (expected ? entry.Backend : 0)
                        )
                            return false;
                        if (!expected)
                            conntrack.Set(Client(port), ++backend, now);
                        // What is in the table has been established before; a new entry lives for a SYN's lifetime,
                        // which is never shorter than these.
                        naive[port] = (expected ? entry.Backend : backend, now + lifetime, null);
                        if (kind == 1)
                            conntrack.Continue(Client(port), now).ShouldBe(naive[port].Backend);
                        if (kind != 0)
                            continue;
                        conntrack.Close(Client(port), now);
                        naive[port] = naive[port] with { ClosedAt = now };
                    }
                    return true;
                }
            );
    }

    private static FourTuple Client(int port) => new(new TcpEndpoint(1, (ushort)port), new TcpEndpoint(99, 80));
}
