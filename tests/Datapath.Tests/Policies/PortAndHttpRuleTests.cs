using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Testing;
using Microsoft.AspNetCore.Http;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>Ports, protocols and HTTP rules.</summary>
public class PortAndHttpRuleTests
{
    private static PolicyLab Ports(string ports) =>
        new(PolicyLab.Backends($"  ingress: [{{toPorts: [{{ports: [{ports}]}}]}}]"));

    private static PolicyLab Http(string rules) =>
        new(
            PolicyLab.Backends(
                $"  ingress: [{{toPorts: [{{ports: [{{port: '8080', protocol: TCP}}], rules: {{http: {rules}}}}}]}}]"
            )
        );

    private static bool Allows(
        string rules,
        string method = "GET",
        string path = "/",
        string host = "h",
        IHeaderDictionary? headers = null
    )
    {
        PolicyLab lab = Http(rules);
        return lab.Ingress(lab.LoadTest).Http!.Allows(method, path, host, headers);
    }

    [Theory]
    [InlineData("{port: '80', protocol: TCP}", true, false, false)]
    [InlineData("{port: '80', protocol: UDP}", false, true, false)]
    [InlineData("{port: '80', protocol: SCTP}", false, false, true)]
    [InlineData("{port: '80', protocol: ANY}", true, true, true)]
    [InlineData("{port: '80'}", true, true, true)]
    public void No_protocol_or_ANY_means_every_protocol(string port, bool tcp, bool udp, bool sctp)
    {
        PolicyLab lab = Ports(port);
        lab.Ingress(lab.LoadTest, 80, L4Protocol.Tcp).IsDrop.ShouldBe(!tcp);
        lab.Ingress(lab.LoadTest, 80, L4Protocol.Udp).IsDrop.ShouldBe(!udp);
        lab.Ingress(lab.LoadTest, 80, L4Protocol.Sctp).IsDrop.ShouldBe(!sctp);
        lab.Ingress(lab.LoadTest, 81).IsDrop.ShouldBeTrue();
        lab.Ingress(lab.LoadTest, 79).IsDrop.ShouldBeTrue();
    }

    [Fact]
    public void Ports_without_peers_are_open_to_every_peer()
    {
        PolicyLab lab = Ports("{port: '80'}");
        foreach (
            EndpointIdentity peer in (EndpointIdentity[])
                [lab.LoadTest, lab.Identities.World, lab.Identities.RemoteNode, lab.Identities.Unmanaged]
        )
            lab.Ingress(peer, 80).ShouldBe(PolicyVerdict.Allow);
    }

    [Fact]
    public void Peers_and_ports_of_one_rule_must_both_match()
    {
        var lab = new PolicyLab(
            PolicyLab.Backends(
                "  ingress: [{fromEndpoints: [{matchLabels: {app: a}}], toPorts: [{ports: [{port: '80'}]}]}]"
            )
        );
        lab.Ingress(lab.Pod("backend", ("app", "a")), 80).ShouldBe(PolicyVerdict.Allow);
        lab.Ingress(lab.Pod("backend", ("app", "a")), 81).IsDrop.ShouldBeTrue();
        lab.Ingress(lab.Pod("backend", ("app", "b")), 80).IsDrop.ShouldBeTrue();
    }

    [Theory]
    [InlineData(7999, false)]
    [InlineData(8000, true)]
    [InlineData(8100, true)]
    [InlineData(8101, false)]
    public void A_range_includes_both_ends(int port, bool allowed)
    {
        PolicyLab cilium = Ports("{port: '8000', endPort: 8100}");
        cilium.Ingress(cilium.LoadTest, (ushort)port).IsDrop.ShouldBe(!allowed);
        var kubernetes = new PolicyLab(PolicyLab.Kubernetes("  ingress: [{ports: [{port: 8000, endPort: 8100}]}]"));
        kubernetes.Ingress(kubernetes.LoadTest, (ushort)port).IsDrop.ShouldBe(!allowed);
    }

    [Fact]
    public void The_last_port_closes_a_range()
    {
        PolicyLab lab = Ports("{port: '65535'}, {port: '1', endPort: 2}");
        lab.Ingress(lab.LoadTest, 65535).ShouldBe(PolicyVerdict.Allow);
        lab.Ingress(lab.LoadTest, 65534).IsDrop.ShouldBeTrue();
        lab.Ingress(lab.LoadTest, 0).IsDrop.ShouldBeTrue();
        lab.Ingress(lab.LoadTest, 2).ShouldBe(PolicyVerdict.Allow);
    }

    [Fact]
    public void A_kubernetes_port_without_a_number_is_every_port_of_its_protocol_and_the_protocol_defaults_to_TCP()
    {
        var lab = new PolicyLab(PolicyLab.Kubernetes("  ingress: [{ports: [{protocol: UDP}, {port: 80}]}]"));
        lab.Ingress(lab.LoadTest, 1, L4Protocol.Udp).ShouldBe(PolicyVerdict.Allow);
        lab.Ingress(lab.LoadTest, 80).ShouldBe(PolicyVerdict.Allow);
        lab.Ingress(lab.LoadTest, 81).IsDrop.ShouldBeTrue();
        lab.Ingress(lab.LoadTest, 80, L4Protocol.Sctp).IsDrop.ShouldBeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_named_port_is_the_subjects_on_ingress_and_any_pods_on_egress(bool kubernetes)
    {
        string ingress = kubernetes
            ? PolicyLab.Kubernetes("  ingress: [{ports: [{port: web}]}]")
            : PolicyLab.Backends("  ingress: [{toPorts: [{ports: [{port: web}]}]}]");
        string egress = kubernetes
            ? PolicyLab.Kubernetes("  egress: [{ports: [{port: web}]}]")
            : PolicyLab.Backends("  egress: [{toPorts: [{ports: [{port: WEB, protocol: TCP}]}]}]");
        var lab = new PolicyLab(ingress, egress);
        KeyValuePair<string, string>[] labels = [KeyValuePair.Create("app", "backend")];
        EndpointIdentity web80 = lab.Identities.Pod(
            "backend",
            labels,
            null,
            [new NamedPort("web", 80, L4Protocol.Tcp)]
        );
        EndpointIdentity web81 = lab.Identities.Pod(
            "backend",
            labels,
            null,
            [new NamedPort("web", 81, L4Protocol.Tcp), new NamedPort("udp", 80, L4Protocol.Udp)]
        );
        PolicyVerdict Into(EndpointIdentity subject, ushort port) =>
            lab.Policies.Evaluate(TrafficDirection.Ingress, subject, new Peer(lab.LoadTest, 0), port, L4Protocol.Tcp);
        Into(web80, 80).ShouldBe(PolicyVerdict.Allow);
        Into(web80, 81).IsDrop.ShouldBeTrue();
        Into(web81, 81).ShouldBe(PolicyVerdict.Allow);
        Into(web81, 80).IsDrop.ShouldBeTrue();
        // A name with two numbers has no port.
        lab.Egress(web80, 80).IsDrop.ShouldBeTrue();
        lab.Egress(web81, 81).IsDrop.ShouldBeTrue();
        var one = PolicySet.Create(
            lab.Policies.Policies,
            lab.Identities,
            [new NamedPort("web", 80, L4Protocol.Tcp), new NamedPort("web", 80, L4Protocol.Tcp)]
        );
        foreach (EndpointIdentity peer in (EndpointIdentity[])[web80, web81, lab.LoadTest, lab.Identities.World])
        {
            PolicyVerdict OutOf(ushort port, L4Protocol protocol) =>
                one.Evaluate(TrafficDirection.Egress, lab.Backend, new Peer(peer, 0), port, protocol);
            OutOf(80, L4Protocol.Tcp).ShouldBe(PolicyVerdict.Allow);
            OutOf(81, L4Protocol.Tcp).IsDrop.ShouldBeTrue();
            OutOf(80, L4Protocol.Udp).IsDrop.ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData("{port: '0120'}", 80, 120)]
    [InlineData("{port: '80', endPort: 79}", 80, 79)]
    [InlineData("{port: '80', endPort: 0}", 80, 81)]
    [InlineData("{port: '8_0'}", 80, 8)]
    public void A_port_is_parsed_as_go_does(string port, int allowed, int denied)
    {
        PolicyLab lab = Ports(port);
        lab.Ingress(lab.LoadTest, (ushort)allowed).ShouldBe(PolicyVerdict.Allow);
        lab.Ingress(lab.LoadTest, (ushort)denied).IsDrop.ShouldBeTrue();
    }

    [Fact]
    public void Port_0_is_every_port_of_its_protocol()
    {
        PolicyLab lab = Ports("{port: '0', protocol: UDP}");
        lab.Ingress(lab.LoadTest, 8080, L4Protocol.Udp).ShouldBe(PolicyVerdict.Allow);
        lab.Ingress(lab.LoadTest, 8080).IsDrop.ShouldBeTrue();
    }

    [Theory]
    [InlineData("X-Token:")]
    [InlineData("X-Token:v")]
    public void A_header_written_without_a_space_is_never_sent(string header) =>
        Allows($"[{{headers: ['{header}']}}]", headers: new HeaderDictionary { ["X-Token"] = "v" }).ShouldBeFalse();

    [Fact]
    public void A_mismatch_that_is_only_logged_restricts_nothing() =>
        Allows("[{method: GET, headerMatches: [{name: X, value: v, mismatch: LOG}]}]").ShouldBeTrue();

    [Fact]
    public void A_plain_allow_beside_http_rules_leaves_the_redirection_and_takes_away_the_rules()
    {
        const string Http =
            """{fromEndpoints: [{}], toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{method: GET}]}}]}""";
        foreach (
            string plain in (string[])
                [
                    "{fromEndpoints: [{}], toPorts: [{ports: [{port: '80'}]}]}",
                    "{toPorts: [{ports: [{port: '1', endPort: 100}]}]}",
                    "{fromEntities: [cluster]}",
                ]
        )
        {
            var lab = new PolicyLab(PolicyLab.Backends($"  ingress: [{Http}, {plain}]"));
            lab.Ingress(lab.Backend, 80).ShouldBe(PolicyVerdict.Redirect(HttpRuleSet.AllowAll));
        }
        var other = new PolicyLab(
            PolicyLab.Backends($"  ingress: [{Http}, {{toPorts: [{{ports: [{{port: '81'}}]}}]}}]")
        );
        other.Ingress(other.Backend, 80).Http!.AllowsEverything.ShouldBeFalse();
        other.Ingress(other.Backend, 81).ShouldBe(PolicyVerdict.Allow);
    }

    [Fact]
    public void Http_rules_of_several_policies_unite()
    {
        string Rule(string method) =>
            """  ingress: [{toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{method: %}]}}]}]""".Replace(
                "%",
                method,
                StringComparison.Ordinal
            );
        var lab = new PolicyLab(PolicyLab.Backends(Rule("GET"), "one"), PolicyLab.Backends(Rule("HEAD"), "two"));
        HttpRuleSet rules = lab.Ingress(lab.LoadTest, 80).Http!;
        rules.Allows("GET", "/", "", null).ShouldBeTrue();
        rules.Allows("HEAD", "/", "", null).ShouldBeTrue();
        rules.Allows("POST", "/", "", null).ShouldBeFalse();
    }

    [Fact]
    public void An_empty_list_of_http_rules_is_no_l7_rule_and_one_empty_rule_redirects_and_allows_all()
    {
        PolicyLab empty = Http("[]");
        empty.Ingress(empty.LoadTest).ShouldBe(PolicyVerdict.Allow);
        PolicyLab wildcard = Http("[{}, {method: GET}]");
        wildcard.Ingress(wildcard.LoadTest).ShouldBe(PolicyVerdict.Redirect(HttpRuleSet.AllowAll));
        var udp = new PolicyLab(
            PolicyLab.Backends("  ingress: [{toPorts: [{ports: [{port: '80', protocol: UDP}], rules: {http: []}}]}]")
        );
        udp.Ingress(udp.LoadTest, 80, L4Protocol.Udp).ShouldBe(PolicyVerdict.Allow);
    }

    [Theory]
    [InlineData("rules: {kafka: []}")]
    [InlineData("rules: {dns: []}")]
    public void An_empty_list_of_what_is_not_enforced_is_a_plain_allow(string list)
    {
        var lab = new PolicyLab(
            PolicyLab.Backends($"  ingress: [{{toPorts: [{{ports: [{{port: '8080', protocol: TCP}}], {list}}}]}}]")
        );
        lab.Ingress(lab.LoadTest).ShouldBe(PolicyVerdict.Allow);
    }

    [Theory]
    [InlineData("{l7: []}", "needs a 'l7proto'")]
    [InlineData("{http: [], l7: []}", "needs a 'l7proto'")]
    [InlineData("{http: [], kafka: []}", "one type")]
    public void Empty_lists_are_refused_where_a_server_or_cilium_refuses_them(string rules, string problem) =>
        PolicyReader
            .ReadYaml(
                PolicyLab.Backends($"  egress: [{{toPorts: [{{ports: [{{port: '80'}}], rules: {rules}}}]}}]"),
                "f"
            )
            .Problems.ShouldHaveSingleItem()
            .Message.ShouldContain(problem);

    [Theory]
    [InlineData("/public", true)]
    [InlineData("/public/x", false)]
    [InlineData("/public?x=1", false)]
    [InlineData("/x/public", false)]
    [InlineData("/public\n", false)]
    public void A_path_matches_as_a_whole(string path, bool allowed)
    {
        Allows("[{path: /public}]", path: path).ShouldBe(allowed);
        Allows("[{path: '/p(u)blic'}]", path: path).ShouldBe(allowed);
        Allows("[{path: '^/p[u]blic$'}]", path: path).ShouldBe(allowed);
    }

    [Theory]
    [InlineData("a|bc", "a", true)]
    [InlineData("a|bc", "bc", true)]
    [InlineData("a|bc", "abc", false)]
    [InlineData("a|ab", "ab", true)]
    [InlineData("/item/[0-9]+", "/item/42", true)]
    [InlineData("/item/[0-9]+", "/item/42a", false)]
    [InlineData("/.*", "/any/thing?q", true)]
    public void Alternatives_and_repetition_match_as_a_whole(string pattern, string path, bool allowed) =>
        Allows($"[{{path: '{pattern}'}}]", path: path).ShouldBe(allowed);

    [Fact]
    public void All_parts_of_one_rule_must_match()
    {
        const string Rules = "[{method: 'GET|POST', path: /a, host: '.*\\.example'}]";
        Allows(Rules, "GET", "/a", "www.example").ShouldBeTrue();
        Allows(Rules, "PUT", "/a", "www.example").ShouldBeFalse();
        Allows(Rules, "GET", "/b", "www.example").ShouldBeFalse();
        Allows(Rules, "GET", "/a", "www.example:80").ShouldBeFalse();
    }

    [Fact]
    public void Headers_must_be_present_and_equal()
    {
        const string Rules = "[{headers: ['X-Y: v w', 'X-Z']}]";
        Allows(Rules, headers: new HeaderDictionary { ["x-y"] = "v w", ["X-Z"] = "" }).ShouldBeTrue();
        Allows(Rules, headers: new HeaderDictionary { ["X-Y"] = "v", ["X-Z"] = "1" }).ShouldBeFalse();
        Allows(Rules, headers: new HeaderDictionary { ["X-Y"] = "V W", ["X-Z"] = "1" }).ShouldBeFalse();
        Allows(Rules, headers: new HeaderDictionary { ["X-Y"] = "v w" }).ShouldBeFalse();
        Allows(Rules).ShouldBeFalse();
        Allows("[{headers: ['A: 1,2']}]", headers: new HeaderDictionary { ["A"] = new(["1", "2"]) }).ShouldBeTrue();
    }

    [Fact]
    public void HeaderMatches_compare_a_value_or_ask_for_presence()
    {
        const string Rules = "[{headerMatches: [{name: X-Y, value: v}, {name: X-Z}]}]";
        Allows(Rules, headers: new HeaderDictionary { ["X-Y"] = "v", ["X-Z"] = "any" }).ShouldBeTrue();
        Allows(Rules, headers: new HeaderDictionary { ["X-Y"] = "w", ["X-Z"] = "any" }).ShouldBeFalse();
        Allows(Rules, headers: new HeaderDictionary { ["X-Y"] = "v" }).ShouldBeFalse();
    }

    [Fact]
    public void Matching_takes_linear_time_where_backtracking_would_not_end()
    {
        string path = "/" + new string('a', 20_000) + "!";
        Allows("[{path: '/(a+)+'}]", path: path).ShouldBeFalse();
        Allows("[{path: '/(a|aa)*'}]", path: path).ShouldBeFalse();
    }

    [Fact]
    public void DNS_rules_that_allow_every_name_allow_the_port()
    {
        var lab = new PolicyLab(
            PolicyLab.Backends(
                """  egress: [{toPorts: [{ports: [{port: "53", protocol: ANY}], rules: {dns: [{matchPattern: "*"}]}}]}]"""
            )
        );
        lab.Egress(lab.Identities.World, 53, L4Protocol.Udp).ShouldBe(PolicyVerdict.Allow);
        lab.Egress(lab.Identities.World, 80).IsDrop.ShouldBeTrue();
    }
}
