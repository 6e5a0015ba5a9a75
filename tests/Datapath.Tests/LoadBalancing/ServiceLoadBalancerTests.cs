using System.Collections.Immutable;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.LoadBalancing;
using CsCheck;

namespace CiliumDebugging.Datapath.Tests.LoadBalancing;

public class ServiceLoadBalancerTests
{
    private static readonly TcpEndpoint s_vip = new(99, 80);
    private static readonly long s_hour = TimeSpan.FromHours(1).Ticks;

    [Fact]
    public void A_destination_that_is_no_service_stays_as_it_is()
    {
        var pod = new TcpEndpoint(5, 8080);
        Balancer()
            .Translate(Services(1, 2), new FourTuple(Client(1), pod), 0, new Random(1), out var backend)
            .ShouldBe(ServiceLookup.NotAService);
        backend.ShouldBe(pod);
        Balancer()
            .Translate(Services(1, 2), new FourTuple(Client(1), s_vip with { Port = 81 }), 0, new Random(1), out _)
            .ShouldBe(ServiceLookup.NotAService);
    }

    [Fact]
    public void A_service_without_ready_backends_has_none_to_give_also_when_an_entry_names_one()
    {
        var balancer = Balancer();
        balancer.Translate(Services(), Syn(1), 0, new Random(1), out var backend).ShouldBe(ServiceLookup.NoBackend);
        backend.ShouldBe(s_vip);
        balancer.Translate(Services(1), Syn(2), 0, new Random(1), out _).ShouldBe(ServiceLookup.Selected);
        balancer.Translate(Services(), Syn(2), 0, new Random(1), out backend).ShouldBe(ServiceLookup.NoBackend);
        backend.ShouldBe(s_vip);
    }

    /// <summary>https://github.com/cilium/cilium/issues/14250: the entry outlives its connection, and backends that
    /// came later get nothing from a port that has one.</summary>
    [Fact]
    public void A_port_keeps_its_backend_when_backends_are_added()
    {
        var (balancer, random) = (Balancer(), new Random(2));
        for (var port = 1; port <= 200; port++)
            Choose(balancer, Services(1, 2), port, 0, random);
        for (var port = 1; port <= 200; port++)
        {
            balancer
                .Translate(Services(1, 2, 3), Syn(port), s_hour, random, out var backend)
                .ShouldBe(ServiceLookup.Selected);
            backend.Address.ShouldNotBe(3u);
        }
    }

    [Fact]
    public void Ports_of_a_backend_that_is_gone_choose_again_among_all_and_the_others_keep_theirs()
    {
        var (balancer, random) = (Balancer(), new Random(3));
        var before = Enumerable
            .Range(1, 3_000)
            .ToDictionary(p => p, p => Choose(balancer, Services(1, 2, 3), p, 0, random));
        var after = before.Keys.ToDictionary(p => p, p => Choose(balancer, Services(1, 2, 4), p, s_hour, random));
        before.Where(b => b.Value != 3).ShouldAllBe(b => after[b.Key] == b.Value);
        var chosenAgain = before.Where(b => b.Value == 3).Select(b => after[b.Key]).ToList();
        // The new backend's share of all ports is (1/N)(1 − p(N−1)/N) with p = 1: 1/9.
        ((double)after.Values.Count(a => a == 4)).ShouldBe(3_000 / 9.0, 4 * Math.Sqrt(3_000 * (1 / 9.0) * (8 / 9.0)));
        foreach (var backend in (uint[])[1, 2, 4])
            ((double)chosenAgain.Count(c => c == backend)).ShouldBe(
                chosenAgain.Count / 3.0,
                4 * Math.Sqrt(chosenAgain.Count * 2 / 9.0)
            );
        // The new choice is stored in its turn.
        before.Keys.ShouldAllBe(p => Choose(balancer, Services(1, 2, 4), p, s_hour, random) == after[p]);
    }

    [Fact]
    public void An_expired_entry_chooses_again()
    {
        var (balancer, random) = (Balancer(), new Random(4));
        var first = Enumerable.Range(1, 300).Select(p => Choose(balancer, Services(1, 2, 3), p, 0, random)).ToList();
        var later = Enumerable
            .Range(1, 300)
            .Select(p => Choose(balancer, Services(1, 2, 3), p, 7 * s_hour, random))
            .ToList();
        first.Zip(later).Count(b => b.First == b.Second).ShouldBeInRange(60, 140);
    }

    [Fact]
    public void Fresh_ports_choose_uniformly()
    {
        const int connections = 30_000;
        var (balancer, random) = (Balancer(), new Random(5));
        var counts = Enumerable
            .Range(1, connections)
            .CountBy(p => Choose(balancer, Services(1, 2, 3), p, 0, random))
            .ToDictionary();
        foreach (var backend in (uint[])[1, 2, 3])
            ((double)counts[backend]).ShouldBe(connections / 3.0, 4 * Math.Sqrt(connections * 2 / 9.0));
    }

    [Fact]
    public void With_socket_load_balancing_a_repeated_port_chooses_anew_every_time()
    {
        var (balancer, random) = (new ServiceLoadBalancer(null), new Random(6));
        var counts = Enumerable
            .Range(0, 3_000)
            .CountBy(_ => Choose(balancer, Services(1, 2, 3), 1, 0, random))
            .ToDictionary();
        foreach (var backend in (uint[])[1, 2, 3])
            ((double)counts[backend]).ShouldBe(1_000, 4 * Math.Sqrt(3_000 * 2 / 9.0));
    }

    /// <summary>Whatever backends come and go: the chosen one exists, and is the former one for as long as that exists
    /// within the lifetime.</summary>
    [Fact]
    public void A_choice_is_always_a_ready_backend_and_the_former_one_if_it_can_be()
    {
        var step = Gen.Select(Gen.Int[1, 6].HashSet[1, 4], Gen.Int[1, 4], Gen.Int[0, 3]);
        Gen.Select(step.List[1, 40], Gen.Int)
            .Sample(
                (steps, seed) =>
                {
                    var (balancer, random, now) = (Balancer(), new Random(seed), 0L);
                    var former = new Dictionary<int, (uint Backend, long At)>();
                    foreach (var (backends, port, hours) in steps)
                    {
                        now += hours * s_hour;
                        var chosen = Choose(balancer, Services([.. backends]), port, now, random);
                        if (!backends.Contains((int)chosen))
                            return false;
                        if (
                            former.TryGetValue(port, out var entry)
                            && backends.Contains((int)entry.Backend)
                            && now - entry.At <= 6 * s_hour
                            && entry.Backend != chosen
                        )
                            return false;
                        former[port] = (chosen, now);
                    }
                    return true;
                }
            );
    }

    private static ServiceLoadBalancer Balancer() =>
        new(new ServiceConntrack(6 * s_hour, TimeSpan.FromMinutes(5).Ticks));

    private static ServiceTable Services(params int[] backends) =>
        new([
            new ServiceFrontend(
                s_vip,
                [.. backends.Select(id => new ServiceBackend(id, new TcpEndpoint((uint)id, 8080)))]
            ),
        ]);

    /// <summary>A connection that is established.</summary>
    private static uint Choose(ServiceLoadBalancer balancer, ServiceTable services, int port, long now, Random random)
    {
        balancer.Translate(services, Syn(port), now, random, out var backend).ShouldBe(ServiceLookup.Selected);
        balancer.Continue(services, Syn(port), now, isLast: false);
        return backend.Address;
    }

    private static TcpEndpoint Client(int port) => new(1, (ushort)port);

    private static FourTuple Syn(int port) => new(Client(port), s_vip);
}
