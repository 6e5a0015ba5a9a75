using System.Collections.Immutable;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.LoadBalancing;
using CiliumDebugging.Datapath.Sockets;

namespace CiliumDebugging.Datapath.Tests.LoadBalancing;

/// <summary>What decides between the backends beside conntrack: algorithm, session affinity, node and zone.</summary>
public class ServiceChoiceTests
{
    private static readonly TcpEndpoint s_vip = new(99, 80);
    private static readonly long s_second = TimeSpan.TicksPerSecond;

    [Fact]
    public void With_maglev_every_node_chooses_alike_and_without_a_memory()
    {
        var (one, other) = (
            Node("one", ("bpf-lb-algorithm", "maglev")),
            Node("other", ("bpf-lb-algorithm", "maglev"), ("bpf-lb-maglev-table-size", "65521"))
        );
        var again = Node("again", ("bpf-lb-algorithm", "maglev"));
        var services = Services(ServiceTraits.None, (1, "a", null), (2, "b", null), (3, "c", null));
        var choices = Ports().Select(p => Choose(one, services, 7, p, 0)).ToList();
        Ports().Select(p => Choose(again, services, 7, p, 0)).ShouldBe(choices);
        choices.Distinct().Count().ShouldBe(3);
        Choose(other, services, 7, 1, 0).ShouldBeOneOf(1u, 2u, 3u);
    }

    [Fact]
    public void Ipvs_goes_round_on_each_node_for_itself_and_from_the_start_after_a_restart()
    {
        var services = Services(ServiceTraits.None, (1, "a", null), (2, "b", null), (3, "c", null));
        var node = Node("one", ("sandbox-service-proxy", "ipvs"));
        Enumerable.Range(1, 7).Select(p => Choose(node, services, 7, p, 0)).ShouldBe([1u, 2u, 3u, 1u, 2u, 3u, 1u]);
        Enumerable
            .Range(8, 2)
            .Select(p => Choose(Node("two", ("sandbox-service-proxy", "ipvs")), services, 7, p, 0))
            .ShouldBe([1u, 1u]);
        Choose(node.Restarted(node.Config, new SocketTable()), services, 7, 100, 0).ShouldBe(1u);
    }

    [Theory]
    [InlineData("iptables")]
    [InlineData("ipvs")]
    public void Kube_proxy_chooses_anew_for_a_syn_on_a_closed_entry(string proxy)
    {
        var services = Services(ServiceTraits.None, (1, "a", null), (2, "b", null), (3, "c", null));
        var (node, random) = (Node("one", ("sandbox-service-proxy", proxy)), new Random(1));
        var choices = new List<uint>();
        for (var i = 0; i < 300; i++)
        {
            choices.Add(Choose(node, services, 7, 1, i * s_second, random));
            node.Close(services, Syn(7, 1), i * s_second);
        }
        foreach (var backend in (uint[])[1, 2, 3])
            choices.Count(c => c == backend).ShouldBeInRange(60, 140);
    }

    [Fact]
    public void Session_affinity_gives_a_client_one_backend_until_its_timeout_or_the_backends_end()
    {
        var traits = ServiceTraits.Read("ClientIP", null, null, null);
        traits.AffinityTicks.ShouldBe(10_800 * s_second);
        var (node, random) = (Node("one"), new Random(1));
        var three = Services(traits, (1, "a", null), (2, "b", null), (3, "c", null));
        var first = Choose(node, three, 7, 1, 0, random);
        Ports().ShouldAllBe(p => Choose(node, three, 7, p, s_second, random) == first);
        Enumerable
            .Range(20, 50)
            .Select(client => Choose(node, three, (uint)client, 1, 0, random))
            .Distinct()
            .Count()
            .ShouldBe(3);
        // Fresh ports after the timeout choose again, and all alike.
        var later = Enumerable
            .Range(500, 50)
            .Select(p => Choose(node, three, 7, p, 10_803 * s_second, random))
            .Distinct()
            .ShouldHaveSingleItem();
        var left = Services(
            traits,
            [.. Enumerable.Range(1, 3).Where(i => i != later).Select(i => (i, "a", (string?)null))]
        );
        Enumerable
            .Range(600, 50)
            .Select(p => Choose(node, left, 7, p, 10_804 * s_second, random))
            .Distinct()
            .ShouldHaveSingleItem()
            .ShouldNotBe(later);
    }

    [Fact]
    public void Session_affinity_is_prolonged_by_every_segment_and_is_over_at_its_timeout()
    {
        var (traits, random) = (ServiceTraits.Read("ClientIP", 100, null, null), new Random(1));
        var services = Services(traits, [.. Enumerable.Range(1, 200).Select(i => (i, "a", (string?)null))]);
        var node = Node("one");
        var first = Choose(node, services, 7, 1, 0, random);
        node.Continue(services, Syn(7, 1), 90 * s_second);
        Choose(node, services, 7, 2, 189 * s_second, random).ShouldBe(first);
        // A SYN on an old port is a hit of conntrack, and counts as well.
        Choose(node, services, 7, 1, 288 * s_second, random).ShouldBe(first);
        Choose(node, services, 7, 3, 387 * s_second, random).ShouldBe(first);
        node.Close(services, Syn(7, 3), 400 * s_second);
        Choose(node, services, 7, 4, 500 * s_second, random).ShouldNotBe(first);
    }

    [Fact]
    public void With_internal_traffic_policy_local_only_backends_of_the_clients_node_are_chosen_or_none()
    {
        var services = Services(
            ServiceTraits.Read(null, null, "Local", "PreferClose"),
            (1, "a", null),
            (2, "a", null),
            (3, "b", null)
        );
        var random = new Random(1);
        Ports().Select(p => Choose(Node("a"), services, 7, p, 0, random)).Distinct().Order().ShouldBe([1u, 2u]);
        Ports().Select(p => Choose(Node("b"), services, 7, p, 0, random)).Distinct().ShouldBe([3u]);
        Node("c").Translate(services, Syn(7, 1), 0, random, out var backend).ShouldBe(ServiceLookup.NoLocalBackend);
        backend.ShouldBe(s_vip);
        Node("c")
            .Translate(Services(ServiceTraits.Read(null, null, "Local", null)), Syn(7, 1), 0, random, out _)
            .ShouldBe(ServiceLookup.NoBackend);
    }

    [Theory]
    [InlineData("Local", "a", 1, 2)]
    [InlineData("Local", "b", 3)]
    [InlineData("Local", "c")]
    [InlineData("Cluster", "c", 1, 2, 3)]
    public void With_external_traffic_policy_local_a_node_gives_what_comes_to_its_port_to_its_own_backends(
        string policy,
        string node,
        params int[] chosen
    )
    {
        ImmutableArray<ServiceBackend> backends =
        [
            .. new[] { (1, "a"), (2, "a"), (3, "b") }.Select(b => new ServiceBackend(
                b.Item1,
                new TcpEndpoint((uint)b.Item1, 8080),
                NodeNumbers.Of(b.Item2)
            )),
        ];
        var services = new ServiceTable([
            new ServiceFrontend(s_vip, backends),
            new ServiceFrontend(new TcpEndpoint(0, 30_080), backends, ServiceTraits.ReadExternal(null, null, policy)),
        ]);
        var (entered, random) = (new NodeDatapath(node, 500, new CiliumConfig(), new SocketTable()), new Random(1));
        var seen = new SortedSet<int>();
        foreach (var port in Ports())
        {
            var lookup = entered.Translate(
                services,
                new FourTuple(new TcpEndpoint(7, (ushort)port), new TcpEndpoint(500, 30_080)),
                0,
                random,
                out var backend
            );
            lookup.ShouldBe(chosen.Length == 0 ? ServiceLookup.NoLocalBackend : ServiceLookup.Selected);
            if (lookup is ServiceLookup.Selected)
                seen.Add((int)backend.Address);
        }
        seen.ShouldBe(chosen);
        // The port is this node's own; the virtual address knows nothing of the policy.
        entered
            .Translate(services, new FourTuple(new TcpEndpoint(7, 1), new TcpEndpoint(501, 30_080)), 0, random, out _)
            .ShouldBe(ServiceLookup.NotAService);
        Ports().Select(p => Choose(entered, services, 7, p, 0, random)).Distinct().Count().ShouldBe(3);
    }

    [Theory]
    [InlineData("PreferClose", "enable-service-topology", "true")]
    [InlineData("PreferClose", "sandbox-service-proxy", "iptables")]
    [InlineData("PreferSameZone", "sandbox-service-proxy", "iptables")]
    public void With_traffic_distribution_the_zones_backends_are_chosen_while_there_are_any(
        string distribution,
        string key,
        string value
    )
    {
        var services = Services(
            ServiceTraits.Read(null, null, "Cluster", distribution),
            (1, "a", "east"),
            (2, "b", "west"),
            (3, "c", "west")
        );
        var random = new Random(1);
        Ports().Select(p => Choose(Zoned("west"), services, 7, p, 0, random)).Distinct().Order().ShouldBe([2u, 3u]);
        Ports().Select(p => Choose(Zoned("east"), services, 7, p, 0, random)).Distinct().ShouldBe([1u]);
        Ports().Select(p => Choose(Zoned("north"), services, 7, p, 0, random)).Distinct().Count().ShouldBe(3);
        Ports().Select(p => Choose(Zoned(null), services, 7, p, 0, random)).Distinct().Count().ShouldBe(3);
        // A backend without a hint: the hints are not used.
        var unhinted = Services(
            ServiceTraits.Read(null, null, "Cluster", distribution),
            (1, "a", "east"),
            (2, "b", "west"),
            (3, "c", null)
        );
        Ports().Select(p => Choose(Zoned("west"), unhinted, 7, p, 0, random)).Distinct().Count().ShouldBe(3);
        NodeDatapath Zoned(string? zone) =>
            new("node", 1, CiliumConfig.Parse([KeyValuePair.Create(key, value)]), new SocketTable(), zone: zone);
    }

    [Theory]
    [InlineData("PreferClose", "false")]
    [InlineData("PreferSameZone", "true")]
    public void Cilium_follows_hints_only_with_service_topology_and_for_preferclose(
        string distribution,
        string topology
    )
    {
        var services = Services(
            ServiceTraits.Read(null, null, "Cluster", distribution),
            (1, "a", "east"),
            (2, "b", "west"),
            (3, "c", "west")
        );
        var config = CiliumConfig.Parse([KeyValuePair.Create("enable-service-topology", topology)]);
        var (node, random) = (new NodeDatapath("n", 1, config, new SocketTable(), zone: "east"), new Random(1));
        Ports().Select(p => Choose(node, services, 7, p, 0, random)).Distinct().Count().ShouldBe(3);
    }

    [Theory]
    [InlineData("bpf-lb-algorithm", "rr", "random or maglev")]
    [InlineData("bpf-lb-maglev-table-size", "16384", "one of 251, 509, 1021")]
    [InlineData("bpf-lb-maglev-table-size", "65537", "131071")]
    [InlineData("sandbox-service-proxy", "nftables", "cilium or iptables or ipvs")]
    public void Settings_that_do_not_fit_are_refused(string key, string value, string must) =>
        Should
            .Throw<FormatException>(() => CiliumConfig.Parse([KeyValuePair.Create(key, value)]))
            .Message.ShouldContain(must);

    [Fact]
    public void With_socket_lb_maglev_is_not_used() =>
        CiliumConfig
            .Parse([KeyValuePair.Create("bpf-lb-algorithm", "maglev"), KeyValuePair.Create("bpf-lb-sock", "true")])
            .BackendSelection.ShouldBe(BackendSelection.Random);

    private static NodeDatapath Node(string name, params (string Key, string Value)[] settings) =>
        new(name, 1, CiliumConfig.Parse(settings.Select(s => KeyValuePair.Create(s.Key, s.Value))), new SocketTable());

    private static ServiceTable Services(ServiceTraits traits, params (int Id, string Node, string? Zone)[] backends) =>
        new([
            new ServiceFrontend(
                s_vip,
                [
                    .. backends.Select(b => new ServiceBackend(
                        b.Id,
                        new TcpEndpoint((uint)b.Id, 8080),
                        NodeNumbers.Of(b.Node),
                        b.Zone
                    )),
                ],
                traits
            ),
        ]);

    private static IEnumerable<int> Ports() => Enumerable.Range(1, 100);

    private static FourTuple Syn(uint client, int port) => new(new TcpEndpoint(client, (ushort)port), s_vip);

    private static uint Choose(
        NodeDatapath node,
        ServiceTable services,
        uint client,
        int port,
        long now,
        Random? random = null
    )
    {
        node.Translate(services, Syn(client, port), now, random ?? new Random(1), out var backend)
            .ShouldBe(ServiceLookup.Selected);
        return backend.Address;
    }
}
