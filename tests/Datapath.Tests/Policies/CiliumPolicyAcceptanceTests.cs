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
    [InlineData("  ingress: [{toPorts: [{ports: [{port: '8', protocol: VRRP}]}]}]", null)]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{headers: ['X-Y:v']}]}}]}]",
        "no request has such a header"
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
}
