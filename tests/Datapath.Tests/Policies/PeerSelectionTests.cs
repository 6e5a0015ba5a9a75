using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Releases;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>Which peers the selectors of a rule mean.</summary>
public class PeerSelectionTests
{
    private static PolicyLab From(string peers) => new(PolicyLab.Backends($"  ingress: [{{{peers}}}]"));

    private static bool Allows(PolicyLab lab, EndpointIdentity peer, uint address = 0) =>
        lab.Ingress(peer, address: address) == PolicyVerdict.Allow;

    [Fact]
    public void The_policys_namespace_is_implied_for_peers()
    {
        PolicyLab lab = From("fromEndpoints: [{matchLabels: {app: client}}]");
        Allows(lab, lab.Pod("backend", ("app", "client"))).ShouldBeTrue();
        Allows(lab, lab.Pod("load-test", ("app", "client"))).ShouldBeFalse();
    }

    [Fact]
    public void An_empty_endpoint_selector_means_the_pods_of_the_namespace()
    {
        PolicyLab lab = From("fromEndpoints: [{}]");
        Allows(lab, lab.Pod("backend", ("app", "any"))).ShouldBeTrue();
        Allows(lab, lab.Pod("load-test")).ShouldBeFalse();
        Allows(lab, lab.Identities.World).ShouldBeFalse();
    }

    [Theory]
    [InlineData("k8s:io.kubernetes.pod.namespace")]
    [InlineData("any:io.kubernetes.pod.namespace")]
    [InlineData("io.kubernetes.pod.namespace")]
    public void A_namespace_that_is_given_replaces_the_implied_one(string key)
    {
        PolicyLab lab = From($"fromEndpoints: [{{matchLabels: {{'{key}': load-test, app: client}}}}]");
        Allows(lab, lab.Pod("load-test", ("app", "client"))).ShouldBeTrue();
        Allows(lab, lab.Pod("backend", ("app", "client"))).ShouldBeFalse();
    }

    [Theory]
    [InlineData("{key: 'k8s:io.kubernetes.pod.namespace', operator: Exists}", true, true)]
    [InlineData("{key: io.kubernetes.pod.namespace, operator: In, values: [load-test, other]}", false, true)]
    [InlineData("{key: io.kubernetes.pod.namespace, operator: NotIn, values: [load-test]}", true, false)]
    public void A_namespace_may_be_given_by_an_expression(string expression, bool own, bool loadTest)
    {
        PolicyLab lab = From($"fromEndpoints: [{{matchExpressions: [{expression}]}}]");
        Allows(lab, lab.Pod("backend")).ShouldBe(own);
        Allows(lab, lab.Pod("load-test")).ShouldBe(loadTest);
    }

    [Fact]
    public void Labels_of_the_namespace_select_pods_in_all_namespaces_that_carry_them()
    {
        PolicyLab lab = From("fromEndpoints: [{matchLabels: {'k8s:io.cilium.k8s.namespace.labels.team': red}}]");
        EndpointIdentity red = lab.Identities.Pod("load-test", [], [KeyValuePair.Create("team", "red")]);
        EndpointIdentity blue = lab.Identities.Pod("load-test", [], [KeyValuePair.Create("team", "blue")]);
        Allows(lab, red).ShouldBeTrue();
        Allows(lab, blue).ShouldBeFalse();
    }

    [Fact]
    public void The_namespaces_own_name_is_a_label_of_it()
    {
        PolicyLab lab = From(
            "fromEndpoints: [{matchLabels: {'io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name': load-test}}]"
        );
        Allows(lab, lab.LoadTest).ShouldBeTrue();
        Allows(lab, lab.Pod("backend")).ShouldBeFalse();
    }

    [Fact]
    public void A_label_source_prefix_must_agree_and_no_prefix_means_any_source()
    {
        PolicyLab plain = From("fromEntities: [none]}, {fromEndpoints: [{matchLabels: {'k8s:app': client}}]");
        Allows(plain, plain.Pod("backend", ("app", "client"))).ShouldBeTrue();
        PolicyLab any = From("fromEndpoints: [{matchLabels: {'any:app': client}}]");
        Allows(any, any.Pod("backend", ("app", "client"))).ShouldBeTrue();
        PolicyLab reserved = From("fromEndpoints: [{matchLabels: {'reserved:remote-node': ''}}]");
        Allows(reserved, reserved.Identities.RemoteNode).ShouldBeTrue();
        Allows(reserved, reserved.Pod("backend", ("remote-node", ""))).ShouldBeFalse();
    }

    [Theory]
    [InlineData("{key: tier, operator: In, values: [a, b]}", true, false)]
    [InlineData("{key: tier, operator: NotIn, values: [a, b]}", false, true)]
    [InlineData("{key: tier, operator: Exists}", true, false)]
    [InlineData("{key: tier, operator: DoesNotExist}", false, true)]
    public void Expressions_follow_kubernetes(string expression, bool tierA, bool noTier)
    {
        PolicyLab lab = From($"fromEndpoints: [{{matchExpressions: [{expression}]}}]");
        Allows(lab, lab.Pod("backend", ("tier", "a"))).ShouldBe(tierA);
        Allows(lab, lab.Pod("backend", ("app", "x"))).ShouldBe(noTier);
    }

    [Fact]
    public void All_conditions_of_a_selector_must_hold_and_any_selector_of_the_list_suffices()
    {
        PolicyLab lab = From("fromEndpoints: [{matchLabels: {app: a, tier: x}}, {matchLabels: {app: b}}]");
        Allows(lab, lab.Pod("backend", ("app", "a"), ("tier", "x"))).ShouldBeTrue();
        Allows(lab, lab.Pod("backend", ("app", "a"))).ShouldBeFalse();
        Allows(lab, lab.Pod("backend", ("app", "b"))).ShouldBeTrue();
    }

    [Theory]
    [InlineData("fromEndpoints: []")]
    [InlineData("fromCIDR: []")]
    [InlineData("fromEntities: []")]
    [InlineData("fromEndpoints: [], toPorts: [{ports: [{port: '8080'}]}]")]
    [InlineData("fromEndpoints: [], fromEntities: [all]")]
    [InlineData("fromEndpoints: [{}], toPorts: [{ports: []}]")]
    [InlineData("fromEntities: [all], icmps: [{fields: [{type: 8}]}]")]
    public void A_list_of_peers_that_is_there_and_empty_selects_nobody(string peers)
    {
        PolicyLab lab = From(peers);
        lab.Ingress(lab.LoadTest).ShouldBe(PolicyVerdict.Drop(DropReason.PolicyDenied));
    }

    [Fact]
    public void The_endpointSelector_stays_in_the_policys_namespace_even_when_it_names_another()
    {
        var lab = new PolicyLab(
            PolicyLab
                .Backends("  ingress: [{}]")
                .Replace(
                    "{app: backend}",
                    "{app: backend, 'k8s:io.kubernetes.pod.namespace': load-test}",
                    StringComparison.Ordinal
                )
        );
        lab.Ingress(lab.LoadTest).IsDrop.ShouldBeTrue();
        EndpointIdentity elsewhere = lab.Pod("load-test", ("app", "backend"));
        lab.Policies.Evaluate(TrafficDirection.Ingress, elsewhere, new Peer(lab.LoadTest, 0), 80, L4Protocol.Tcp)
            .ShouldBe(PolicyVerdict.Allow);
    }

    [Fact]
    public void In_a_clusterwide_policy_no_namespace_is_implied_but_peers_are_pods()
    {
        var lab = new PolicyLab(
            """
            apiVersion: cilium.io/v2
            kind: CiliumClusterwideNetworkPolicy
            metadata: {name: p}
            spec:
              endpointSelector: {matchLabels: {app: backend}}
              ingress: [{fromEndpoints: [{}]}]
            """
        );
        Allows(lab, lab.LoadTest).ShouldBeTrue();
        Allows(lab, lab.Identities.World).ShouldBeFalse();
        lab.Policies.Evaluate(
                TrafficDirection.Ingress,
                lab.Pod("other", ("app", "backend")),
                new Peer(lab.Identities.World, 0),
                80,
                L4Protocol.Tcp
            )
            .IsDrop.ShouldBeTrue();
    }

    [Fact]
    public void CIDR_rules_mean_addresses_outside_the_cluster_only()
    {
        PolicyLab lab = From("fromCIDR: [10.0.0.0/8, 192.0.2.1/32]");
        Allows(lab, lab.Identities.World, PolicyLab.Address("10.255.255.255")).ShouldBeTrue();
        Allows(lab, lab.Identities.World, PolicyLab.Address("11.0.0.0")).ShouldBeFalse();
        Allows(lab, lab.Identities.World, PolicyLab.Address("9.255.255.255")).ShouldBeFalse();
        Allows(lab, lab.Identities.World, PolicyLab.Address("192.0.2.1")).ShouldBeTrue();
        Allows(lab, lab.Identities.World, PolicyLab.Address("192.0.2.2")).ShouldBeFalse();
        Allows(lab, lab.Identities.KubeApiServerOutside, PolicyLab.Address("10.1.2.3")).ShouldBeTrue();
        Allows(lab, lab.LoadTest, PolicyLab.Address("10.0.0.1")).ShouldBeFalse();
        Allows(lab, lab.Identities.RemoteNode, PolicyLab.Address("10.0.0.1")).ShouldBeFalse();
    }

    [Fact]
    public void Exceptions_are_cut_out_of_their_own_block_only()
    {
        PolicyLab lab = From(
            "fromCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.2.0.0/16]}, {cidr: 10.2.3.0/24}]"
        );
        Allows(lab, lab.Identities.World, PolicyLab.Address("10.0.0.1")).ShouldBeTrue();
        Allows(lab, lab.Identities.World, PolicyLab.Address("10.1.0.0")).ShouldBeFalse();
        Allows(lab, lab.Identities.World, PolicyLab.Address("10.2.2.1")).ShouldBeFalse();
        Allows(lab, lab.Identities.World, PolicyLab.Address("10.2.3.1")).ShouldBeTrue();
    }

    [Fact]
    public void The_whole_of_IPv4_and_blocks_of_IPv6_are_valid_blocks()
    {
        PolicyLab all = From("fromCIDR: [0.0.0.0/0]");
        Allows(all, all.Identities.World, uint.MaxValue).ShouldBeTrue();
        Allows(all, all.Identities.World, 0).ShouldBeTrue();
        PolicyLab six = From("fromCIDRSet: [{cidr: '::/0', except: ['fd00::/8']}]");
        Allows(six, six.Identities.World, 1).ShouldBeFalse();
    }

    [Theory]
    [InlineData("all", "pod host remote-node world health init unmanaged api-host api-node api-outside")]
    [InlineData("world", "host api-host world api-outside")]
    [InlineData("cluster", "pod host remote-node health init unmanaged api-host api-node api-outside")]
    [InlineData("host", "host api-host")]
    [InlineData("remote-node", "host api-host remote-node api-node")]
    [InlineData("kube-apiserver", "host api-host api-node api-outside")]
    [InlineData("init", "host api-host init")]
    [InlineData("health", "host api-host health")]
    [InlineData("unmanaged", "host api-host unmanaged")]
    [InlineData("none", "host api-host")]
    public void Entities_mean_these_peers(string entity, string peers)
    {
        PolicyLab lab = From($"fromEntities: [{entity}]");
        IdentityTable table = lab.Identities;
        (string Name, EndpointIdentity Identity)[] all =
        [
            ("pod", lab.LoadTest),
            ("host", table.Host),
            ("remote-node", table.RemoteNode),
            ("world", table.World),
            ("health", table.Health),
            ("init", table.Init),
            ("unmanaged", table.Unmanaged),
            ("api-host", table.KubeApiServerOnHost),
            ("api-node", table.KubeApiServerOnRemoteNode),
            ("api-outside", table.KubeApiServerOutside),
        ];
        // The host of the pod's own node is always among them.
        all.Where(p => Allows(lab, p.Identity)).Select(p => p.Name).ShouldBe(peers.Split(' '), ignoreOrder: true);
    }

    [Fact]
    public void Entities_and_addresses_also_work_on_egress()
    {
        var lab = new PolicyLab(
            PolicyLab.Backends(
                "  egress: [{toEntities: [host]}, {toCIDR: [192.0.2.0/24]}, {toCIDRSet: [{cidr: 198.51.100.0/24}]}]"
            )
        );
        lab.Egress(lab.Identities.Host).ShouldBe(PolicyVerdict.Allow);
        lab.Egress(lab.Identities.RemoteNode).IsDrop.ShouldBeTrue();
        lab.Egress(lab.Identities.World, address: PolicyLab.Address("192.0.2.9")).ShouldBe(PolicyVerdict.Allow);
        lab.Egress(lab.Identities.World, address: PolicyLab.Address("198.51.100.9")).ShouldBe(PolicyVerdict.Allow);
        lab.Egress(lab.Identities.World, address: PolicyLab.Address("203.0.113.9")).IsDrop.ShouldBeTrue();
    }

    [Theory]
    [InlineData("app", "matchExpressions: [{key: 'k8s:io.kubernetes.pod.namespace', operator: In, values: [other]}]")]
    [InlineData("app", "matchLabels: {'any:io.kubernetes.pod.namespace': other}")]
    public void Another_namespace_in_the_endpointSelector_selects_nothing(string key, string selector)
    {
        var lab = new PolicyLab(
            PolicyLab
                .Backends("  ingress: [{}]")
                .Replace($"{{matchLabels: {{{key}: backend}}}}", $"{{{selector}}}", StringComparison.Ordinal)
        );
        lab.Ingress(lab.LoadTest).ShouldBe(PolicyVerdict.Allow);
    }

    [Theory]
    [InlineData("reserved.world")]
    [InlineData("$world")]
    [InlineData("reserved:world")]
    public void A_reserved_label_is_written_in_three_ways(string key)
    {
        PolicyLab lab = From($"fromEndpoints: [{{matchLabels: {{'{key}': ''}}}}]");
        Allows(lab, lab.Identities.World).ShouldBeTrue();
        Allows(lab, lab.LoadTest).ShouldBeFalse();
    }

    [Theory]
    [InlineData("1.18.0", true)]
    [InlineData("1.19.0", false)]
    public void A_peer_without_a_label_of_a_namespace_is_the_world_too_before_1_19(string release, bool world)
    {
        CiliumVersion.TryParse(release, out CiliumVersion version).ShouldBeTrue();
        var lab = new PolicyLab();
        var policies = PolicySet.Create(
            PolicyReader
                .ReadYaml(
                    PolicyLab.Backends(
                        "  ingress: [{fromEndpoints: [{matchExpressions: "
                            + "[{key: 'k8s:io.kubernetes.pod.namespace', operator: NotIn, values: [backend]}]}]}]"
                    ),
                    "f",
                    version
                )
                .Policies,
            lab.Identities
        );
        policies
            .Evaluate(TrafficDirection.Ingress, lab.Backend, new Peer(lab.Identities.World, 1), 80, L4Protocol.Tcp)
            .IsDrop.ShouldBe(!world);
    }
}
