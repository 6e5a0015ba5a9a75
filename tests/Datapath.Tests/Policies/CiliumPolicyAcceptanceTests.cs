using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Releases;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>What Cilium takes the lab takes, by release, and says where it means less here.</summary>
public sealed class CiliumPolicyAcceptanceTests
{
    /// <summary>What releases before accepted or refused.</summary>
    [Theory]
    [InlineData("  ingress: []", "1.17.0", "1.18.0")]
    [InlineData("  egress: [{toServices: [{k8sService: {serviceName: a}}], toPorts: [{}]}]", "1.17.0", "1.16.9")]
    [InlineData("  enableDefaultDeny: {ingress: false}\n  ingress: [{}]", "1.16.0", "1.15.99")]
    [InlineData("  ingress: [{fromCIDRSet: [{cidrGroupSelector: {}}]}]", "1.17.0", "1.16.99")]
    [InlineData("  ingress: [{toPorts: [{ports: [{port: '0', protocol: VRRP}]}]}]", "1.19.0", "1.18.99")]
    public void A_cilium_policy_is_refused_from_a_release_on(string rules, string accepting, string refusing)
    {
        CiliumVersion.TryParse(accepting, out CiliumVersion before).ShouldBeTrue();
        CiliumVersion.TryParse(refusing, out CiliumVersion from).ShouldBeTrue();
        PolicyReader.ReadYaml(PolicyLab.Backends(rules), "f", before).Problems.ShouldBeEmpty();
        PolicyReader.ReadYaml(PolicyLab.Backends(rules), "f", from).Problems.ShouldHaveSingleItem();
    }

    /// <summary>Cilium takes these and so does the lab, with a note where they mean less here than on a cluster with an
    /// outside world.</summary>
    [Theory]
    [InlineData("  egress: [{toFQDNs: [{matchName: example.org}, {matchPattern: '*.a'}]}]", "no outside world")]
    [InlineData("  egress: [{toPorts: [{ports: [{port: '5353'}], rules: {dns: [{matchName: a.b}]}}]}]", "no names")]
    [InlineData("  egress: [{toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchPattern: '*'}]}}]}]", null)]
    [InlineData("  egress: [{toCIDRSet: [{cidrGroupRef: x}]}]", "none of the lab's Pods")]
    [InlineData("  egress: [{toCIDRSet: [{cidrGroupSelector: {matchLabels: {a: b}}}]}]", "none of the lab's Pods")]
    [InlineData("  ingress: [{icmps: [{fields: [{type: 8, family: IPv4}]}]}]", "no ICMP")]
    [InlineData("  ingress: [{authentication: {mode: disabled}}]", null)]
    [InlineData("  egress: [{toRequires: []}]", null)]
    [InlineData("  ingress: [{}]\n  log: {value: x}", null)]
    [InlineData("  egress: [{toServices: []}]", null)]
    [InlineData("  egress: [{toServices: [{}]}]", null)]
    [InlineData("  egressDeny: [{toServices: [{k8sService: {serviceName: a, namespace: b}}]}]", null)]
    [InlineData("  egress: [{toServices: [{k8sServiceSelector: {selector: {}}}], toPorts: [{}]}]", null)]
    [InlineData("  ingress: [{icmps: [{fields: [{type: PacketTooBig, family: IPv6}]}]}]", "no ICMP")]
    [InlineData("  ingress: [{fromEndpoints: [{matchLabels: {'container:app': x}}]}]", null)]
    [InlineData("  ingress: [{fromEndpoints: [{matchLabels: {'reserved:all': ''}}]}]", null)]
    [InlineData("  ingress: [{toPorts: [{ports: [{port: '0', protocol: VRRP}, {port: web, protocol: IGMP}]}]}]", null)]
    [InlineData("  egress: [{toNodes: []}, {toGroups: []}]", null)]
    [InlineData("  ingress: [{fromNodes: []}, {fromGroups: [], toPorts: [{ports: [{port: '80'}]}]}]", null)]
    [InlineData("  ingress: [{fromEndpoints: [{matchLabels: {'app=x': v}}]}]", null)]
    [InlineData("  ingress: [{toPorts: [{ports: [{port: '0', endPort: 9}]}]}]", null)]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{headers: ['X-Y:v']}]}}]}]",
        "no request has such a header"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], "
            + "rules: {http: [{headerMatches: [{name: a, mismatch: ADD}]}]}}]}]",
        "change no headers"
    )]
    public void A_cilium_policy_is_accepted_with(string rules, string? note)
    {
        PolicyReadResult result = PolicyReader.ReadYaml(PolicyLab.Backends(rules), "f");
        result.Problems.ShouldBeEmpty();
        if (note is null)
            result.Notes.ShouldBeEmpty();
        else
            result.Notes.ShouldHaveSingleItem().Message.ShouldContain(note);
    }

    /// <summary>For egress from nodes Cilium has a DNS proxy (cilium/cilium#34024), and no other.</summary>
    [Theory]
    [InlineData("egress: [{toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchPattern: '*'}]}}]}]", true)]
    [InlineData("egress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{}]}}]}]", false)]
    [InlineData("ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{}]}}]}]", false)]
    public void A_host_policy_takes_dns_rules_for_egress_alone(string rules, bool isAccepted) =>
        PolicyReader
            .ReadYaml(
                "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: p}\n"
                    + $"spec:\n  nodeSelector: {{}}\n  {rules}",
                "f"
            )
            .IsValid.ShouldBe(isAccepted);

    [Fact]
    public void Filters_of_different_ports_do_not_conflict()
    {
        const string Rules =
            "  egress: [{toPorts: [{ports: [{port: '53', endPort: 50, protocol: TCP}], rules: {http: [{path: /a}]}}]}, "
            + "{toPorts: [{ports: [{port: '53', protocol: TCP}], rules: {dns: [{matchPattern: '*'}]}}]}]";
        var lab = new PolicyLab(PolicyLab.Backends(Rules));
        lab.Policies.RegenerationError(lab.Backend).ShouldBeNull();
        new PolicyLab(PolicyLab.Backends(Rules.Replace(", endPort: 50", "", StringComparison.Ordinal)))
            .Policies.RegenerationError(lab.Backend)
            .ShouldNotBeNull();
    }
}
