using CiliumDebugging.ClusterSetup.Embedded.Datapath;
using CiliumDebugging.ClusterSetup.Embedded.Datapath.LoadBalancing;
using CsCheck;

namespace CiliumDebugging.ClusterSetup.Tests.Embedded.Datapath;

public class ServiceConntrackTests
{
    private const long Lifetime = 100;
    private const long GcInterval = 30;

    [Fact]
    public void A_client_without_an_entry_misses()
    {
        new ServiceConntrack(Lifetime, GcInterval).TryGet(Client(1), 0, out var backend).ShouldBeFalse();
        backend.ShouldBe(0);
    }

    [Fact]
    public void An_entry_is_hit_to_the_end_of_its_lifetime_and_not_a_tick_longer()
    {
        var conntrack = new ServiceConntrack(Lifetime, GcInterval);
        conntrack.Set(Client(1), 7, nowTicks: 0);
        conntrack.Set(Client(2), 8, nowTicks: 0);
        conntrack.TryGet(Client(1), Lifetime, out var backend).ShouldBeTrue();
        backend.ShouldBe(7);
        conntrack.TryGet(Client(2), Lifetime + 1, out _).ShouldBeFalse();
    }

    [Fact]
    public void A_hit_prolongs_the_entry()
    {
        var conntrack = new ServiceConntrack(Lifetime, GcInterval);
        conntrack.Set(Client(1), 7, 0);
        for (var now = 90L; now < 10 * Lifetime; now += 90) conntrack.TryGet(Client(1), now, out _).ShouldBeTrue();
    }

    [Fact]
    public void Another_port_of_the_client_and_another_service_have_entries_of_their_own()
    {
        var conntrack = new ServiceConntrack(Lifetime, GcInterval);
        conntrack.Set(Client(1), 7, 0);
        conntrack.TryGet(Client(2), 0, out _).ShouldBeFalse();
        conntrack.TryGet(Client(1) with { Destination = new TcpEndpoint(99, 81) }, 0, out _).ShouldBeFalse();
    }

    [Fact]
    public void Dead_entries_are_swept_at_the_interval()
    {
        var conntrack = new ServiceConntrack(Lifetime, GcInterval);
        conntrack.TryGet(Client(0), 0, out _);
        for (var port = 1; port <= 50; port++) conntrack.Set(Client(port), port, 0);
        conntrack.TryGet(Client(0), Lifetime + 1, out _).ShouldBeFalse();
        conntrack.Count.ShouldBe(0);
    }

    /// <summary>
    /// Any sequence of look-ups and choices against a naive table that keeps everything: a hit exactly when the last use is at most a lifetime ago, whatever is swept when;
    /// never fewer entries than live ones, and none dead for longer than a sweep interval after a look-up.
    /// </summary>
    [Fact]
    public void It_answers_as_a_table_that_never_forgets_would()
    {
        var operations = Gen.Select(Gen.Bool, Gen.Int[0, 5], Gen.Int[0, 80]).List[0, 80];
        Gen.Select(operations, Gen.Long[1, 150], Gen.Long[1, 90]).Sample((steps, lifetime, gcInterval) =>
        {
            var conntrack = new ServiceConntrack(lifetime, gcInterval);
            var naive = new Dictionary<int, (int Backend, long LastSeen)>();
            var (now, backend) = (0L, 0);
            conntrack.TryGet(Client(0), now, out _); // sweeps are counted from the first look-up
            foreach (var (set, port, pause) in steps)
            {
                now += pause;
                if (set)
                {
                    conntrack.Set(Client(port), ++backend, now);
                    naive[port] = (backend, now);
                    continue;
                }
                var expected = naive.TryGetValue(port, out var entry) && now - entry.LastSeen <= lifetime;
                if (conntrack.TryGet(Client(port), now, out var found) != expected || found != (expected ? entry.Backend : 0)) return false;
                if (expected) naive[port] = entry with { LastSeen = now };
                if (conntrack.Count < naive.Values.Count(e => now - e.LastSeen <= lifetime)) return false;
                if (conntrack.Count > naive.Values.Count(e => now - e.LastSeen <= lifetime + gcInterval)) return false;
            }
            return true;
        });
    }

    private static FourTuple Client(int port) => new(new TcpEndpoint(1, (ushort)port), new TcpEndpoint(99, 80));
}
