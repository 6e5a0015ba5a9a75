using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Releases;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>What rules for one port of an endpoint make of each other: Cilium merges them into filters.</summary>
public class FilterTests
{
    private const string Http = "rules: {http: [{path: /a}]}";
    private const string Dns = "rules: {dns: [{matchPattern: '*'}]}";
    private static readonly CiliumVersion s_original = CiliumVersion.OriginalReport;
    private static readonly CiliumVersion s_1_17 = new(1, 17, 9);
    private static readonly CiliumVersion s_1_18 = new(1, 18, 0);

    [Theory]
    [InlineData("toEntities: [world]", "toEntities: [world]", true)]
    [InlineData("toEntities: [world]", "toEntities: [remote-node]", false)]
    [InlineData("toEntities: [world]", "", false)]
    [InlineData("toEntities: [all]", "", true)]
    [InlineData("toEntities: [cluster]", "toEntities: [health]", true)]
    [InlineData("toEntities: [cluster]", "toEntities: [world]", false)]
    [InlineData("toEntities: [none]", "toEntities: [none]", false)]
    [InlineData("toEntities: [health]", "toEndpoints: [{matchLabels: {'reserved:health': ''}}]", true)]
    [InlineData("toEndpoints: [{matchLabels: {a: b, c: d}}]", "toEndpoints: [{matchLabels: {c: d, a: b}}]", true)]
    [InlineData("toEndpoints: [{matchLabels: {a: b}}]", "toEndpoints: [{matchLabels: {a: c}}]", false)]
    [InlineData("toCIDR: [192.0.2.0/24]", "toCIDRSet: [{cidr: 192.0.2.0/24}]", true)]
    [InlineData("toCIDR: [192.0.2.0/24]", "toCIDRSet: [{cidr: 192.0.2.0/24, except: [192.0.2.1/32]}]", false)]
    [InlineData("toCIDRSet: [{cidrGroupRef: g}]", "toCIDRSet: [{cidrGroupRef: g}]", true)]
    [InlineData("toCIDRSet: [{cidrGroupRef: g}]", "toCIDRSet: [{cidrGroupRef: h}]", false)]
    [InlineData("toFQDNs: [{matchName: a.example}]", "toFQDNs: [{matchName: a.example}]", true)]
    [InlineData("toFQDNs: [{matchName: a.example}]", "toFQDNs: [{matchName: b.example}]", false)]
    public void Types_of_l7_rules_conflict_for_the_same_peer_since_1_18_and_for_any_before(
        string one,
        string other,
        bool isSamePeer
    )
    {
        string rules = $"  egress: [{Rule(one, "'53'", Http)}, {Rule(other, "'53'", Dns)}]";
        ErrorOf(rules, s_1_18).ShouldBe(isSamePeer ? "cannot merge conflicting L7 parsers (http/dns)" : null);
        ErrorOf(rules, s_1_17).ShouldBe("cannot merge conflicting L7 parsers (http/dns)");
    }

    [Fact]
    public void A_deny_rule_ends_a_conflict_with_what_follows_since_1_18()
    {
        string http = $"  egress: [{Rule("toEntities: [world]", "'53'", Http)}]\n";
        const string Deny =
            "  egressDeny: [{toEntities: [world], toPorts: [{ports: [{port: '53', protocol: TCP}]}]}]\n";
        string dns = $"  egress: [{Rule("toEntities: [world]", "'53'", Dns)}]\n";
        ErrorOf(s_1_18, http + Deny, dns).ShouldBeNull();
        ErrorOf(s_1_17, http + Deny, dns).ShouldNotBeNull();
        ErrorOf(s_1_18, http, dns + Deny).ShouldNotBeNull();
    }

    /// <summary>Since 1.19 the host is added to a port's rules after they are merged, if none of them names
    /// it.</summary>
    [Theory]
    [InlineData("fromEntities: [all]", "'80'", false)]
    [InlineData("fromEntities: [all]", "'80', endPort: 81", true)]
    [InlineData("fromEntities: [world]", "'80'", false)]
    public void The_host_keeps_its_http_rules_beside_those_for_all(string others, string ports, bool allowsAll)
    {
        string rules =
            $"  ingress: [{Rule("fromEntities: [host]", "'80'", "rules: {http: [{path: /host}]}")}, "
            + $"{Rule(others, ports, "rules: {http: [{path: /all}]}")}]";
        HttpRuleSet http = HostIngress(rules, null).Http!;
        http.Allows("GET", "/host", "", null).ShouldBeTrue();
        http.Allows("GET", "/other", "", null).ShouldBe(allowsAll);
    }

    [Theory]
    [InlineData("fromEntities: [host]", "fromEntities: [all]")]
    [InlineData("fromEntities: [all, host]", "fromEntities: [host]")]
    public void Before_1_19_the_host_is_added_rule_by_rule(string one, string other)
    {
        string rules = $"  ingress: [{Rule(one, "'80'", Http)}, {Rule(other, "'80'", Http)}]";
        HostIngress(rules, s_1_18).ShouldBe(PolicyVerdict.Redirect(HttpRuleSet.AllowAll));
        HostIngress(rules, s_original).ShouldBe(PolicyVerdict.Redirect(HttpRuleSet.AllowAll));
        HostIngress(rules, null).Http!.Allows("GET", "/b", "", null).ShouldBeFalse();
    }

    /// <summary>A filter has the ports of its first rule: names have no ends, and keys are decimal.</summary>
    [Theory]
    [InlineData("http, endPort: 90", "http", new ushort[] { 80, 85, 90 }, new ushort[] { 79, 91 })]
    [InlineData("http", "http, endPort: 90", new ushort[] { 80 }, new ushort[] { 79, 81, 90 })]
    [InlineData("'0120'", "'120'", new ushort[] { 80 }, new ushort[] { 120 })]
    [InlineData("'120'", "'0120'", new ushort[] { 120 }, new ushort[] { 80 })]
    [InlineData("'80'", "'0120'", new ushort[] { 80 }, new ushort[] { 120 })]
    [InlineData("'1_0'", "'1_1'", new ushort[] { 10 }, new ushort[] { 11 })]
    public void Ports_with_one_key_are_those_of_the_first(string one, string other, ushort[] open, ushort[] closed)
    {
        string rules =
            $"  ingress: [{Rule("fromEntities: [world]", one, null)}, {Rule("fromEntities: [world]", other, null)}]";
        var identities = new IdentityTable();
        EndpointIdentity backend = identities.Pod(
            "backend",
            [KeyValuePair.Create("app", "backend")],
            namedPorts: [new NamedPort("http", 80, L4Protocol.Tcp)]
        );
        PolicySet policies = Policies(identities, null, rules);
        var world = new Peer(identities.World, PolicyLab.Address("203.0.113.9"));
        open.Concat(closed)
            .Where(p => !policies.Evaluate(TrafficDirection.Ingress, backend, world, p, L4Protocol.Tcp).IsDrop)
            .ShouldBe(open);
    }

    [Theory]
    [InlineData("'120'", "'0120'", true, false)]
    [InlineData("'53'", "'065'", false, false)]
    [InlineData("'80'", "'0120'", false, false)]
    [InlineData("'065'", "'065'", true, true)]
    public void Types_of_l7_rules_conflict_where_the_keys_of_ports_are_equal(
        string one,
        string other,
        bool conflicts,
        bool conflictsBefore1_16
    )
    {
        string rules = $"  egress: [{Rule("", one, Http)}, {Rule("", other, Dns)}]";
        (ErrorOf(rules, null) is not null).ShouldBe(conflicts);
        (ErrorOf(rules, s_original) is not null).ShouldBe(conflictsBefore1_16);
    }

    private static string Rule(string peers, string port, string? l7) =>
        $"{{{(peers.Length > 0 ? peers + ", " : "")}toPorts: [{{ports: [{{port: {port}, protocol: TCP}}]"
        + $"{(l7 is null ? "" : ", " + l7)}}}]}}";

    private static string? ErrorOf(string rules, CiliumVersion? release) => ErrorOf(release, rules);

    private static string? ErrorOf(CiliumVersion? release, params string[] rules)
    {
        var identities = new IdentityTable();
        EndpointIdentity backend = identities.Pod("backend", [KeyValuePair.Create("app", "backend")]);
        return Policies(identities, release, rules).RegenerationError(backend);
    }

    private static PolicyVerdict HostIngress(string rules, CiliumVersion? release)
    {
        var identities = new IdentityTable();
        EndpointIdentity backend = identities.Pod("backend", [KeyValuePair.Create("app", "backend")]);
        return Policies(identities, release, rules)
            .Evaluate(TrafficDirection.Ingress, backend, new Peer(identities.Host, 0), 80, L4Protocol.Tcp);
    }

    private static PolicySet Policies(IdentityTable identities, CiliumVersion? release, params string[] rules)
    {
        List<PolicyReadResult> read =
        [
            .. rules.Select((r, i) => PolicyReader.ReadYaml(PolicyLab.Backends(r, $"p{i}"), "f", release)),
        ];
        read.SelectMany(r => r.Problems).ShouldBeEmpty();
        return PolicySet.Create(read.SelectMany(r => r.Policies), identities);
    }
}
