using System.Collections.Frozen;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.LoadBalancing;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Sockets;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Forwarding;

/// <summary>Facts: "Policy updates apply to established flows at once: tightening drops them silently; adding an L7
/// rule resets connections that were established directly."</summary>
public class EstablishedConnectionsTests
{
    private const string AllowClient = """
          ingress: [{fromEndpoints: [{matchLabels: {k8s:io.kubernetes.pod.namespace: load-test, app: load-test-1}}]}]
        """;

    private const string AllowOther = """
          ingress: [{fromEndpoints: [{matchLabels: {app: other}}]}]
        """;

    private const string DenyClient = """
          ingressDeny: [{fromEndpoints: [{matchLabels: {k8s:io.kubernetes.pod.namespace: load-test}}]}]
        """;

    private static readonly string s_backendL7 = PolicyLab.Scenario("two-sided-l7/backend-policy.yaml");
    private static readonly string s_clientL7 = PolicyLab.Scenario("two-sided-l7/load-test-policy.yaml");

    private const string GetOnly = """
          ingress:
            - fromEndpoints: [{matchLabels: {k8s:io.kubernetes.pod.namespace: load-test}}]
              toPorts: [{ports: [{port: "8080", protocol: TCP}], rules: {http: [{method: GET}]}}]
        """;

    [Fact]
    public void A_direct_connection_stands_is_dropped_or_is_reset_as_the_policies_become()
    {
        var lab = new PolicyLab();
        var direct = Established(lab, HopAction.ToPod);
        Fate(lab, direct).ShouldBe(EstablishedFate.Unchanged);
        Fate(lab, direct, PolicyLab.Backends(AllowClient)).ShouldBe(EstablishedFate.Unchanged);
        Fate(lab, direct, PolicyLab.Backends(AllowOther)).ShouldBe(EstablishedFate.Dropped, "default deny on ingress");
        Fate(lab, direct, PolicyLab.Backends(DenyClient)).ShouldBe(EstablishedFate.Dropped, "a deny rule");
        Fate(lab, direct, PolicyLab.Backends(AllowClient, "allow"), PolicyLab.Backends(DenyClient, "deny"))
            .ShouldBe(EstablishedFate.Dropped, "deny wins");
        Fate(lab, direct, s_backendL7).ShouldBe(EstablishedFate.Reset, "an L7 rule on ingress");
        Fate(lab, direct, s_clientL7).ShouldBe(EstablishedFate.Reset, "an L7 rule on egress");
        Fate(lab, direct, s_clientL7, PolicyLab.Backends(AllowOther))
            .ShouldBe(EstablishedFate.Reset, "the client's side comes first");
    }

    [Fact]
    public void A_connection_at_the_ingress_proxy_keeps_to_current_rules_and_is_reset_when_the_client_gets_a_proxy_too()
    {
        var lab = new PolicyLab(s_backendL7);
        var proxied = Established(lab, HopAction.ToIngressProxy);
        Fate(lab, proxied, out var same, s_backendL7).ShouldBe(EstablishedFate.Unchanged);
        same!.Allows("POST", "/echo", "b", null).ShouldBeTrue();
        Fate(lab, proxied, out var tighter, PolicyLab.Backends(GetOnly)).ShouldBe(EstablishedFate.Unchanged);
        (tighter!.Allows("GET", "/echo", "b", null), tighter.Allows("POST", "/echo", "b", null)).ShouldBe(
            (true, false)
        );
        Fate(lab, proxied, out var none).ShouldBe(EstablishedFate.Unchanged);
        none.ShouldBeNull("without policies the proxy lets everything pass");
        Fate(lab, proxied, PolicyLab.Backends(AllowOther)).ShouldBe(EstablishedFate.Dropped);
        Fate(lab, proxied, s_backendL7, s_clientL7).ShouldBe(EstablishedFate.Reset);
    }

    [Fact]
    public void What_the_egress_proxy_has_accepted_is_the_clients_sides_business_and_what_it_opened_the_destinations()
    {
        var lab = new PolicyLab(s_clientL7);
        var accepted = Established(lab, HopAction.ToEgressProxy);
        Fate(lab, accepted, s_clientL7, PolicyLab.Backends(AllowOther)).ShouldBe(EstablishedFate.Unchanged);
        Fate(lab, accepted, s_clientL7.Replace("8080", "8081", StringComparison.Ordinal))
            .ShouldBe(EstablishedFate.Dropped);
        var opened = accepted with { Action = HopAction.ToPod, HttpRules = null, FromEgressProxy = true };
        Fate(lab, opened, s_clientL7.Replace("8080", "8081", StringComparison.Ordinal))
            .ShouldBe(EstablishedFate.Unchanged);
        Fate(lab, opened, s_clientL7, s_backendL7).ShouldBe(EstablishedFate.Reset);
        Fate(lab, opened, s_clientL7, PolicyLab.Backends(AllowOther)).ShouldBe(EstablishedFate.Dropped);
    }

    [Theory]
    [InlineData(AllowOther, "POLICY_DENIED")]
    [InlineData(DenyClient, "POLICY_DENY")]
    public void A_deny_rule_drops_for_a_reason_of_its_own_new_connections_and_established_ones(
        string rules,
        string reason
    )
    {
        var lab = new PolicyLab(PolicyLab.Backends(rules));
        Established(lab, HopAction.Drop).Reason.ShouldBe(reason);
        var direct = Established(new PolicyLab(), HopAction.ToPod);
        var now = Snapshot(lab, lab.Policies, lab.LoadTest);
        EstablishedConnections
            .FateOf(now, direct with { Source = now.Pods[1], Destination = now.Pods[2] }, out _, out var lost)
            .ShouldBe(EstablishedFate.Dropped);
        lost.ShouldBe(reason);
    }

    [Fact]
    public void Labels_count_as_they_are_now_and_a_pod_that_is_gone_keeps_its_own()
    {
        var lab = new PolicyLab(PolicyLab.Backends(AllowClient));
        var direct = Established(lab, HopAction.ToPod);
        var renamed = Snapshot(lab, lab.Policies, lab.Pod("load-test", ("app", "visitor")));
        EstablishedConnections.FateOf(renamed, direct, out _, out _).ShouldBe(EstablishedFate.Dropped);
        var gone = renamed with { Pods = FrozenDictionary<uint, PodEntry>.Empty };
        EstablishedConnections.FateOf(gone, direct, out _, out _).ShouldBe(EstablishedFate.Unchanged);
    }

    private static EstablishedFate Fate(PolicyLab lab, Hop hop, params string[] policies) =>
        Fate(lab, hop, out _, policies);

    private static EstablishedFate Fate(PolicyLab lab, Hop hop, out HttpRuleSet? rules, params string[] policies) =>
        EstablishedConnections.FateOf(
            Snapshot(lab, PolicySet.Create(policies.SelectMany(PolicyLab.Read), lab.Identities), lab.LoadTest),
            hop,
            out rules,
            out _
        );

    private static Hop Established(PolicyLab lab, HopAction expected)
    {
        var path = new ForwardingPath([
            new NodeDatapath("n1", 101, new CiliumConfig(), new SocketTable()),
            new NodeDatapath("n2", 102, new CiliumConfig(), new SocketTable()),
        ]);
        var hop = path.Connect(
            Snapshot(lab, lab.Policies, lab.LoadTest),
            new FourTuple(new TcpEndpoint(1, 40_001), new TcpEndpoint(2, 8080)),
            0,
            new Random(1),
            out _
        );
        hop.Action.ShouldBe(expected);
        return hop;
    }

    private static ClusterSnapshot Snapshot(PolicyLab lab, PolicySet policies, EndpointIdentity client)
    {
        PodEntry[] pods =
        [
            new("load-test", "load-test", "n1", 1, "1", client),
            new("backend", "backend", "n2", 2, "2", lab.Backend),
        ];
        return new ClusterSnapshot(
            pods.ToFrozenDictionary(p => p.Address),
            ServiceTable.Empty,
            policies,
            lab.Identities
        );
    }
}
