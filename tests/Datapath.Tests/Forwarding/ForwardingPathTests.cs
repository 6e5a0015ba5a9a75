using System.Collections.Frozen;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.LoadBalancing;
using CiliumDebugging.Datapath.Sockets;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Releases;
using CiliumDebugging.Testing;
using CsCheck;

namespace CiliumDebugging.Datapath.Tests.Forwarding;

/// <summary>The policies of the original report through the pure core, compared with what was measured on plain
/// Linux.</summary>
public class ForwardingPathTests
{
    private const string Backend = "two-sided-l7/backend-policy.yaml";
    private const string LoadTest = "two-sided-l7/load-test-policy.yaml";

    /// <summary>Where the proxies' sockets live: a row of the table.</summary>
    private static CiliumConfig Row(string name) =>
        name switch
        {
            "one namespace per node" => new CiliumConfig { Sockets = SocketScope.PerNode },
            "shared" => new CiliumConfig { Sockets = SocketScope.Shared },
            "shared, original source never used" => new CiliumConfig
            {
                Version = new CiliumVersion(1, 19, 4),
                Sockets = SocketScope.Shared,
                ProxyUseOriginalSourceAddress = false,
            },
            "per node, original source for local pods too" => new CiliumConfig
            {
                Sockets = SocketScope.PerNode,
                OriginalSourceForLocalPods = true,
            },
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
        };

    [Theory]
    [InlineData("one namespace per node", true, true, true, true)]
    [InlineData("shared", true, true, false, true)]
    [InlineData("shared, original source never used", true, true, true, true)]
    [InlineData("per node, original source for local pods too", true, true, true, false)]
    public void The_table_of_the_facts(string row, bool egressOnly, bool ingressOnly, bool bothRemote, bool bothLocal)
    {
        var config = Row(row);
        foreach (var toLocalPod in (bool[])[false, true])
        {
            Arrives(config, toLocalPod, LoadTest).ShouldBe(egressOnly, $"egress policy only, local pod: {toLocalPod}");
            Arrives(config, toLocalPod, Backend).ShouldBe(ingressOnly, $"ingress policy only, local pod: {toLocalPod}");
            Arrives(config, toLocalPod).ShouldBeTrue("no policy");
        }
        Arrives(config, toLocalPod: false, LoadTest, Backend).ShouldBe(bothRemote);
        Arrives(config, toLocalPod: true, LoadTest, Backend).ShouldBe(bothLocal);
    }

    [Fact]
    public void What_fails_is_the_syn_of_the_egress_proxy_at_the_destinations_redirect_and_it_times_out()
    {
        var cluster = new TwoNodeCluster(Row("shared"), LoadTest, Backend);
        var hops = cluster.Walk(cluster.Client, cluster.RemotePod, out _);
        hops.Select(h => h.Action).ShouldBe([HopAction.ToEgressProxy, HopAction.LostAtRedirect]);
        hops[0].Node!.Name.ShouldBe("client-node");
        hops[1].Node!.Name.ShouldBe("other-node");
        hops[1].Reason.ShouldBeNull("TCP_INVALID_SYN is not among Hubble's drop reasons");
        hops[1].Wire.ShouldBe(hops[0].Wire, "the egress proxy's own SYN has the 4-tuple of the socket it accepted");
    }

    [Theory]
    [InlineData("shared")]
    [InlineData("one namespace per node")]
    public void A_port_that_is_used_again_while_its_old_socket_is_being_closed_reaches_the_pod(string row)
    {
        var onlyIngress = new TwoNodeCluster(Row(row), Backend);
        for (var i = 0; i < 3; i++)
            onlyIngress
                .Walk(onlyIngress.Client, onlyIngress.RemotePod, out _)[0]
                .Action.ShouldBe(HopAction.ToIngressProxy);
    }

    [Theory]
    [InlineData("one namespace per node", false, true)]
    [InlineData("one namespace per node", true, false)]
    [InlineData("shared, original source never used", false, false)]
    [InlineData("per node, original source for local pods too", false, true)]
    public void The_original_source_is_used_towards_remote_pods_and_not_towards_local_ones(
        string row,
        bool toLocalPod,
        bool original
    )
    {
        var cluster = new TwoNodeCluster(Row(row), LoadTest, Backend);
        var hops = cluster.Walk(cluster.Client, toLocalPod ? cluster.LocalPod : cluster.RemotePod, out _);
        hops.Select(h => h.Action).ShouldBe([HopAction.ToEgressProxy, HopAction.ToIngressProxy, HopAction.ToPod]);
        hops[1].Wire.Source.ShouldBe(original ? hops[0].Client : TwoNodeCluster.EgressProxy);
        // The ingress proxy never uses it (pkg/proxy, createEnvoyRedirect).
        hops[2].Wire.Source.ShouldBe(TwoNodeCluster.IngressProxy);
        hops.ShouldAllBe(h => h.Source!.Name == "load-test" && h.HttpRules != null);
    }

    [Theory]
    [InlineData("1.9.0", "vxlan", false)]
    [InlineData("1.9.0", "disabled", false)]
    [InlineData("1.9.8", "vxlan", false)]
    [InlineData("1.9.9", "vxlan", true)]
    [InlineData("1.10.0", "vxlan", true)]
    [InlineData("1.10.0", "disabled", true)]
    [InlineData("1.13.13", "geneve", true)]
    [InlineData("1.16.0", "vxlan", true)]
    [InlineData("1.19.4", "vxlan", true)]
    [InlineData("1.19.4", "disabled", true)]
    public void Two_sided_policies_reach_remote_pods_in_every_release_that_is_not_reported_to_fail(
        string version,
        string tunnel,
        bool arrives
    )
    {
        var config = CiliumConfig.Parse([
            KeyValuePair.Create("sandbox-cilium-version", version),
            KeyValuePair.Create("tunnel", tunnel),
        ]);
        Arrives(config, toLocalPod: false, LoadTest, Backend).ShouldBe(arrives);
        Arrives(config, toLocalPod: true, LoadTest, Backend).ShouldBeTrue();
    }

    [Fact]
    public void Two_sockets_with_the_same_ends_in_one_namespace_fail_at_connect()
    {
        var cluster = new TwoNodeCluster(Row("one namespace per node"), LoadTest, Backend);
        var accepted = cluster.Path.Connect(
            cluster.Snapshot,
            new FourTuple(cluster.Client, cluster.RemotePod),
            0,
            new Random(1),
            out _
        );
        cluster
            .Path.ConnectFromEgressProxy(cluster.Snapshot, accepted, TwoNodeCluster.EgressProxy, out var first, out _)
            .Action.ShouldBe(HopAction.ToIngressProxy);
        cluster
            .Path.ConnectFromEgressProxy(cluster.Snapshot, accepted, TwoNodeCluster.EgressProxy, out var second, out _)
            .Action.ShouldBe(HopAction.AddressNotAvailable);
        first.ShouldNotBeNull();
        second.ShouldBeNull();
    }

    [Fact]
    public void A_pod_that_was_deleted_meanwhile_resets_at_each_proxy_and_a_service_without_it_at_once()
    {
        var cluster = new TwoNodeCluster(Row("one namespace per node"), LoadTest, Backend);
        var gone = cluster.Snapshot with
        {
            Pods = cluster.Snapshot.Pods.Where(p => p.Key != cluster.RemotePod.Address).ToFrozenDictionary(),
        };
        var accepted = cluster.Path.Connect(
            cluster.Snapshot,
            new FourTuple(cluster.Client, cluster.RemotePod),
            0,
            new Random(1),
            out _
        );
        cluster
            .Path.ConnectFromEgressProxy(gone, accepted, TwoNodeCluster.EgressProxy, out _, out _)
            .Action.ShouldBe(HopAction.Reset);
        var atIngress = accepted with { Action = HopAction.ToIngressProxy, Node = cluster.Path.Node("other-node") };
        cluster
            .Path.ConnectFromIngressProxy(gone, atIngress, TwoNodeCluster.EgressProxy, out _)
            .Action.ShouldBe(HopAction.Reset);
        cluster
            .Path.Connect(gone, new FourTuple(cluster.Client, cluster.RemotePod), 0, new Random(1), out _)
            .Action.ShouldBe(HopAction.Reset);
        cluster
            .Path.Connect(
                gone with
                {
                    Services = new ServiceTable([new ServiceFrontend(cluster.Vip, [])]),
                },
                new FourTuple(cluster.Client, cluster.Vip),
                0,
                new Random(1),
                out _
            )
            .Action.ShouldBe(HopAction.Reset);
    }

    /// <summary>A Service without a backend, and one whose traffic policy Local leaves none.</summary>
    [Theory]
    [InlineData("1.9.0", "cilium", HopAction.Reset, null, HopAction.Drop)]
    [InlineData("1.14.9", "cilium", HopAction.Reset, null, HopAction.Drop)]
    [InlineData("1.15.0", "cilium", HopAction.Reset, "SERVICE_BACKEND_NOT_FOUND", HopAction.Reset)]
    [InlineData("1.19.4", "cilium", HopAction.Reset, "SERVICE_BACKEND_NOT_FOUND", HopAction.Reset)]
    [InlineData("1.19.4", "iptables", HopAction.Reset, null, HopAction.Drop)]
    public void A_service_without_a_backend_answers_as_its_release_does(
        string release,
        string proxy,
        HopAction empty,
        string? reason,
        HopAction local
    )
    {
        var cluster = new TwoNodeCluster(
            CiliumConfig.Parse([
                KeyValuePair.Create("sandbox-cilium-version", release),
                KeyValuePair.Create("sandbox-service-proxy", proxy),
            ])
        );
        Hop Connect(ServiceFrontend service) =>
            cluster.Path.Connect(
                cluster.Snapshot with
                {
                    Services = new ServiceTable([service]),
                },
                new FourTuple(cluster.Client, cluster.Vip),
                0,
                new Random(1),
                out _
            );
        var none = Connect(new ServiceFrontend(cluster.Vip, []));
        (none.Action, none.Reason).ShouldBe((empty, reason));
        var remote = new ServiceBackend(1, cluster.RemotePod, NodeNumbers.Of("other-node"));
        var left = Connect(new ServiceFrontend(cluster.Vip, [remote], new ServiceTraits(BackendLocality.NodeOnly)));
        (left.Action, left.Reason).ShouldBe((local, reason));
    }

    [Fact]
    public void A_pod_that_reaches_itself_through_its_service_passes_no_policy()
    {
        var cluster = new TwoNodeCluster(Row("shared"), Backend);
        var service = new ServiceTable([new ServiceFrontend(cluster.Vip, [new ServiceBackend(1, cluster.LocalPod)])]);
        var snapshot = cluster.Snapshot with { Services = service };
        Hop Connect(TcpEndpoint client, TcpEndpoint destination) =>
            cluster.Path.Connect(snapshot, new FourTuple(client, destination), 0, new Random(1), out _);
        Connect(cluster.LocalPod, cluster.Vip).Action.ShouldBe(HopAction.ToPod);
        // By its own address it does not leave its network namespace.
        Connect(cluster.LocalPod, cluster.LocalPod).Action.ShouldBe(HopAction.ToPod);
        // Another Pod with the same labels is denied by the ingress policy.
        Connect(cluster.RemotePod, cluster.Vip).Action.ShouldBe(HopAction.Drop);
    }

    [Fact]
    public void Policy_decides_on_the_backend_port_after_translation_and_drops_on_the_side_that_denies()
    {
        var cluster = new TwoNodeCluster(Row("shared"), LoadTest, Backend);
        var egress = cluster.Path.Connect(
            cluster.Snapshot,
            new FourTuple(cluster.Client, cluster.RemotePod with { Port = 9999 }),
            0,
            new Random(1),
            out var hold
        );
        (egress.Action, egress.Reason, egress.Node!.Name).ShouldBe((HopAction.Drop, "POLICY_DENIED", "client-node"));
        hold.ShouldBeNull();
        // A backend may not call another backend: no egress policy selects it, the ingress policy of the other denies
        // it.
        var ingress = cluster.Path.Connect(
            cluster.Snapshot,
            new FourTuple(cluster.LocalPod, cluster.RemotePod),
            0,
            new Random(1),
            out _
        );
        (ingress.Action, ingress.Reason, ingress.Node!.Name).ShouldBe((HopAction.Drop, "POLICY_DENIED", "other-node"));
    }

    [Fact]
    public void A_source_that_is_no_pod_is_the_host_which_policy_always_lets_through()
    {
        var cluster = new TwoNodeCluster(Row("shared"), LoadTest, Backend);
        var hop = cluster.Path.Connect(
            cluster.Snapshot,
            new FourTuple(new TcpEndpoint(0x7F00_0001, 40_000), cluster.LocalPod),
            0,
            new Random(1),
            out _
        );
        hop.Action.ShouldBe(HopAction.ToPod);
        hop.Source.ShouldBeNull();
    }

    /// <summary>Whatever the settings, the policies and the order in which connections come and go: when all are closed
    /// no socket is left.</summary>
    [Fact]
    public void Every_socket_is_given_back()
    {
        string[] names =
        [
            "one namespace per node",
            "shared",
            "shared, original source never used",
            "per node, original source for local pods too",
        ];
        var rows = Gen.Int[0, names.Length - 1].Select(i => names[i]);
        var connections = Gen.Select(Gen.Bool, Gen.Int[1, 6], Gen.Bool).List[0, 30];
        Gen.Select(rows, Gen.Bool, Gen.Bool, connections)
            .Sample(
                (row, egress, ingress, all) =>
                {
                    var cluster = new TwoNodeCluster(
                        Row(row),
                        [.. egress ? [LoadTest] : Array.Empty<string>(), .. ingress ? [Backend] : Array.Empty<string>()]
                    );
                    var open = new List<IDisposable>();
                    foreach (var (local, port, close) in all)
                    {
                        cluster.Walk(
                            cluster.Client with
                            {
                                Port = (ushort)port,
                            },
                            local ? cluster.LocalPod : cluster.RemotePod,
                            out var holds
                        );
                        if (close)
                            holds.ForEach(h => h.Dispose());
                        else
                            open.AddRange(holds);
                    }
                    open.ForEach(h => h.Dispose());
                    return cluster.Path.Nodes.All(n => n.Sockets.Count == 0);
                }
            );
    }

    private static bool Arrives(CiliumConfig config, bool toLocalPod, params string[] policies)
    {
        var cluster = new TwoNodeCluster(config, policies);
        var last = cluster.Walk(cluster.Client, toLocalPod ? cluster.LocalPod : cluster.RemotePod, out _)[^1].Action;
        last.ShouldBeOneOf(HopAction.ToPod, HopAction.LostAtRedirect);
        return last is HopAction.ToPod;
    }
}
