using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Releases;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>What rules select that refer to other objects: CiliumCIDRGroups and Services.</summary>
public sealed class PolicyReferenceTests
{
    private static readonly CiliumVersion s_before = new(1, 16, 9);

    private readonly PolicyLab _lab = new();

    [Theory]
    [InlineData("fromCIDRSet: [{cidrGroupRef: office}]", true, true, false)]
    [InlineData("fromCIDRSet: [{cidrGroupRef: office, except: [192.0.2.8/29]}]", true, false, false)]
    [InlineData("fromCIDRSet: [{cidrGroupRef: none}]", false, false, false)]
    [InlineData("fromCIDRSet: [{cidrGroupRef: none}, {cidr: 192.0.2.8/32}]", false, true, false)]
    [InlineData("fromCIDRSet: [{cidrGroupSelector: {matchLabels: {site: a}}}]", true, true, false)]
    [InlineData("fromCIDRSet: [{cidrGroupRef: office, except: [08.0.0.0/8, 192.0.2.8/29]}]", true, false, false)]
    [InlineData("fromCIDRSet: [{cidrGroupRef: office, except: [192.0.02.8/29]}]", true, true, false)]
    [InlineData("fromCIDRSet: [{cidrGroupSelector: {matchLabels: {site: b}}}]", false, false, true)]
    [InlineData("fromCIDRSet: [{cidrGroupSelector: {}}]", true, true, true)]
    public void A_group_selects_the_addresses_of_its_blocks(string rule, bool one, bool eight, bool other)
    {
        var policies = Create($"  ingress: [{{{rule}}}]", null);
        bool Allows(EndpointIdentity from, string address) =>
            !policies
                .Evaluate(
                    TrafficDirection.Ingress,
                    _lab.Backend,
                    new Peer(from, PolicyLab.Address(address)),
                    8080,
                    L4Protocol.Tcp
                )
                .IsDrop;
        Allows(_lab.Identities.World, "192.0.2.1").ShouldBe(one);
        Allows(_lab.Identities.World, "192.0.2.8").ShouldBe(eight);
        Allows(_lab.Identities.World, "198.51.100.1").ShouldBe(other);
        Allows(_lab.Identities.World, "203.0.113.1").ShouldBeFalse();
        Allows(_lab.LoadTest, "192.0.2.1").ShouldBeFalse("blocks select no Pods");
    }

    [Fact]
    public void A_group_in_a_deny_rule_denies()
    {
        var policies = Create(
            "  ingress: [{fromEntities: [all]}]\n  ingressDeny: [{fromCIDRSet: [{cidrGroupRef: office}]}]",
            null
        );
        PolicyVerdict Of(string address) =>
            policies.Evaluate(
                TrafficDirection.Ingress,
                _lab.Backend,
                new Peer(_lab.Identities.World, PolicyLab.Address(address)),
                8080,
                L4Protocol.Tcp
            );
        Of("192.0.2.1").Reason.ShouldBe(DropReason.DeniedByDenyRule);
        Of("198.51.100.1").IsDrop.ShouldBeFalse();
    }

    [Theory]
    [InlineData("{k8sService: {serviceName: web, namespace: load-test}}", true, false)]
    [InlineData("{k8sService: {serviceName: web}}", true, false)]
    [InlineData("{k8sService: {serviceName: web, namespace: backend}}", false, false)]
    [InlineData("{k8sService: {serviceName: none}}", false, false)]
    [InlineData("{k8sServiceSelector: {selector: {matchLabels: {tier: front}}}}", true, false)]
    [InlineData("{k8sServiceSelector: {selector: {matchLabels: {tier: front}}, namespace: x}}", false, false)]
    [InlineData("{k8sServiceSelector: {selector: {}}}", true, true)]
    [InlineData("{k8sService: {serviceName: outside}}", false, true)]
    [InlineData("{}", false, false)]
    public void A_service_selects_what_is_behind_it(string service, bool pods, bool outside)
    {
        foreach (string ports in (string[])["", ", toPorts: [{ports: [{port: '8080'}]}]"])
        {
            var policies = Create($"  egress: [{{toServices: [{service}]{ports}}}]", null);
            Allows(policies, _lab.LoadTest, 0).ShouldBe(pods);
            Allows(policies, _lab.Pod("other", ("app", "load-test-1")), 0).ShouldBeFalse("of another namespace");
            Allows(policies, _lab.Identities.World, PolicyLab.Address("203.0.113.9")).ShouldBe(outside);
            Allows(policies, _lab.Identities.World, PolicyLab.Address("203.0.113.8")).ShouldBeFalse();
        }
    }

    /// <summary>
    /// The addresses behind a Service without a selector are a block each, and blocks select no Pods.
    /// </summary>
    [Fact]
    public void Before_1_17_only_services_without_a_selector_count()
    {
        var policies = Create("  egress: [{toServices: [{k8sServiceSelector: {selector: {}}}]}]", s_before);
        Allows(policies, _lab.LoadTest, PolicyLab.Address("203.0.113.9")).ShouldBeFalse();
        Allows(policies, _lab.Identities.World, PolicyLab.Address("203.0.113.9")).ShouldBeTrue();
    }

    /// <summary>Peers that select nothing here are peers still. From 1.18 on they conflict with the same peer
    /// alone.</summary>
    [Theory]
    [InlineData("toFQDNs: [{matchName: example.org}]")]
    [InlineData("toCIDRSet: [{cidrGroupRef: none}]")]
    public void Rules_for_peers_that_the_lab_has_not_conflict_with_others(string peers)
    {
        const string Ports = "ports: [{port: '53', protocol: TCP}]";
        var policies = Create(
            $$$"""
              egress:
              - {{{{peers}}}, toPorts: [{{{{Ports}}}, rules: {http: [{}]}}]}
              - toPorts: [{{{{Ports}}}, rules: {dns: [{matchPattern: '*'}]}}]
            """,
            new(1, 17, 0)
        );
        policies.RegenerationError(_lab.Backend).ShouldBe("cannot merge conflicting L7 parsers (http/dns)");
    }

    [Theory]
    [InlineData("""{"externalCIDRs": ["10.0.0.0/8", "fd00::/8"]}""", null)]
    [InlineData("""{"externalCIDRs": []}""", null)]
    [InlineData("""{"externalCIDRs": ["10.0.0.1"]}""", "spec.externalCIDRs[0]")]
    [InlineData("""{"externalCIDRs": "10.0.0.0/8"}""", "spec.externalCIDRs")]
    [InlineData("""{"cidrs": []}""", "spec.cidrs")]
    [InlineData("{}", "spec")]
    [InlineData("null", "spec")]
    public void A_group_is_read_strictly(string spec, string? problem)
    {
        var (group, problems) = CidrGroupReader.ReadJson(
            JsonNode.Parse($$$"""{"metadata": {"name": "g", "labels": {"a": "b"}}, "spec": {{{spec}}}}""")!.AsObject(),
            "g"
        );
        if (problem is null)
        {
            problems.ShouldBeEmpty();
            (group!.Name, group.Labels.Single().Value).ShouldBe(("g", "b"));
        }
        else
        {
            group.ShouldBeNull();
            problems[0].Field.ShouldBe(problem);
        }
    }

    private static CidrGroup Group(string name, string site, params string[] blocks) =>
        new(name, [KeyValuePair.Create("site", site)], [.. blocks.Select(b => CidrBlock.Parse(b)!)]);

    private bool Allows(PolicySet policies, EndpointIdentity to, uint address) =>
        !policies.Evaluate(TrafficDirection.Egress, _lab.Backend, new Peer(to, address), 8080, L4Protocol.Tcp).IsDrop;

    private PolicySet Create(string rules, CiliumVersion? release)
    {
        PolicyReadResult read = PolicyReader.ReadYaml(PolicyLab.Backends(rules), "f", release);
        read.Problems.ShouldBeEmpty();
        var references = new PolicyReferences(
            [Group("office", "a", "192.0.2.0/28"), Group("lab", "b", "198.51.100.0/24", "fd00::/8")],
            [
                new(
                    "load-test",
                    "web",
                    [KeyValuePair.Create("tier", "front")],
                    [KeyValuePair.Create("app", "load-test-1")],
                    []
                ),
                new("load-test", "outside", [], [], [PolicyLab.Address("203.0.113.9")]),
            ]
        );
        return PolicySet.Create(read.Policies, _lab.Identities, references: references);
    }
}
