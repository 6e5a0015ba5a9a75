using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Releases;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>Who is selected, and when default deny begins.</summary>
public class PolicySemanticsTests
{
    private static readonly PolicyVerdict s_denied = PolicyVerdict.Drop(DropReason.PolicyDenied);

    [Fact]
    public void Without_policies_everything_is_allowed()
    {
        var lab = new PolicyLab();
        lab.Ingress(lab.LoadTest).ShouldBe(PolicyVerdict.Allow);
        lab.Egress(lab.Identities.World).ShouldBe(PolicyVerdict.Allow);
    }

    [Fact]
    public void A_rule_begins_default_deny_in_its_direction_only()
    {
        var lab = new PolicyLab(PolicyLab.Backends("  ingress: [{fromEndpoints: [{matchLabels: {app: friend}}]}]"));
        lab.Ingress(lab.LoadTest).ShouldBe(s_denied);
        lab.Ingress(lab.Pod("backend", ("app", "friend"))).ShouldBe(PolicyVerdict.Allow);
        lab.Egress(lab.LoadTest).ShouldBe(PolicyVerdict.Allow);
    }

    [Fact]
    public void A_policy_leaves_pods_it_does_not_select_alone()
    {
        var lab = new PolicyLab(PolicyLab.Backends("  ingress: [{}]"));
        EndpointIdentity other = lab.Pod("backend", ("app", "other"));
        EndpointIdentity sameLabelsElsewhere = lab.Pod("default", ("app", "backend"));
        foreach (EndpointIdentity subject in (EndpointIdentity[])[other, sameLabelsElsewhere])
            lab.Policies.Evaluate(TrafficDirection.Ingress, subject, new Peer(lab.LoadTest, 0), 80, L4Protocol.Tcp)
                .ShouldBe(PolicyVerdict.Allow);
        lab.Ingress(lab.LoadTest).ShouldBe(s_denied);
    }

    [Fact]
    public void A_flow_needs_the_egress_of_its_source_and_the_ingress_of_its_destination()
    {
        var lab = new PolicyLab(
            PolicyLab.Backends("  egress: [{toEndpoints: [{matchLabels: {app: database}}]}]"),
            PolicyLab
                .Backends("  ingress: [{fromEndpoints: [{matchLabels: {app: other}}]}]")
                .Replace("app: backend", "app: database", StringComparison.Ordinal)
        );
        EndpointIdentity database = lab.Pod("backend", ("app", "database"));
        lab.Egress(database).ShouldBe(PolicyVerdict.Allow);
        lab.Policies.Evaluate(TrafficDirection.Ingress, database, new Peer(lab.Backend, 0), 80, L4Protocol.Tcp)
            .ShouldBe(s_denied);
    }

    [Theory]
    [InlineData("  ingress: []\n  egress: [{}]", false)]
    [InlineData("  ingressDeny: []\n  egress: [{}]", false)]
    [InlineData("  ingress: [{}]", true)]
    [InlineData("  ingressDeny: [{}]", true)]
    [InlineData("  egress: [{}]", false)]
    public void In_a_cilium_policy_an_empty_section_is_none_and_an_empty_rule_denies_all(string rules, bool denied)
    {
        var lab = new PolicyLab(PolicyLab.Backends(rules));
        lab.Ingress(lab.LoadTest).ShouldBe(denied ? s_denied : PolicyVerdict.Allow);
        lab.Policies.IsDefaultDeny(TrafficDirection.Ingress, lab.Backend).ShouldBe(denied);
    }

    [Theory]
    [InlineData("  ingress: [{}]", false)]
    [InlineData("  ingress: [{from: []}]", false)]
    [InlineData("  ingress: []", true)]
    [InlineData("  policyTypes: [Ingress]", true)]
    [InlineData("  policyTypes: []", true)]
    [InlineData("  policyTypes: [Egress]", false)]
    public void In_a_kubernetes_policy_an_empty_rule_allows_all_and_an_empty_section_denies_all(
        string rules,
        bool denied
    )
    {
        var lab = new PolicyLab(PolicyLab.Kubernetes(rules));
        lab.Ingress(lab.LoadTest).ShouldBe(denied ? s_denied : PolicyVerdict.Allow);
        lab.Ingress(lab.Identities.World).ShouldBe(denied ? s_denied : PolicyVerdict.Allow);
    }

    [Theory]
    [InlineData("  egress: [{}]", false)]
    [InlineData("  policyTypes: [Egress]", true)]
    [InlineData("  policyTypes: [Ingress, Egress]\n  egress: []", true)]
    [InlineData("  ingress: [{}]", false)]
    [InlineData("  egress: []", false)]
    [InlineData("  egress: [{to: [{podSelector: {}}]}]", true)]
    public void A_kubernetes_policy_covers_egress_when_it_says_so_or_has_egress_rules(string rules, bool denied)
    {
        var lab = new PolicyLab(PolicyLab.Kubernetes(rules));
        lab.Egress(lab.LoadTest).ShouldBe(denied ? s_denied : PolicyVerdict.Allow);
    }

    [Theory]
    [InlineData(
        "  enableDefaultDeny: {ingress: false}\n  ingress: [{fromEndpoints: [{matchLabels: {app: friend}}]}]",
        false
    )]
    [InlineData("  enableDefaultDeny: {ingress: true}\n  egress: [{}]", false)]
    [InlineData("  enableDefaultDeny: {egress: true}\n  egress: [{}]", false)]
    [InlineData("  enableDefaultDeny: {egress: false}\n  ingress: [{}]", true)]
    public void EnableDefaultDeny_overrides_what_the_sections_imply(string rules, bool denied) =>
        Ingress(new PolicyLab(PolicyLab.Backends(rules))).ShouldBe(denied ? s_denied : PolicyVerdict.Allow);

    [Fact]
    public void A_policy_without_default_deny_does_not_lift_the_default_deny_of_another()
    {
        var lab = new PolicyLab(
            PolicyLab.Backends(
                "  enableDefaultDeny: {ingress: false}\n  ingress: [{fromEndpoints: [{matchLabels: {app: friend}}]}]",
                "open"
            ),
            PolicyLab.Backends("  ingress: [{}]", "closed")
        );
        lab.Ingress(lab.LoadTest).ShouldBe(s_denied);
        lab.Ingress(lab.Pod("backend", ("app", "friend"))).ShouldBe(PolicyVerdict.Allow);
    }

    [Fact]
    public void Deny_rules_and_http_rules_have_effect_without_default_deny()
    {
        var lab = new PolicyLab(
            PolicyLab.Backends(
                """
                  enableDefaultDeny: {ingress: false}
                  ingressDeny: [{fromEndpoints: [{matchLabels: {app: foe}}]}]
                  ingress: [{toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{method: GET}]}}]}]
                """
            )
        );
        lab.Ingress(lab.Pod("backend", ("app", "foe"))).ShouldBe(PolicyVerdict.Drop(DropReason.DeniedByDenyRule));
        lab.Ingress(lab.LoadTest, 80).ShouldBe(PolicyVerdict.Redirect(HttpRuleSet.AllowAll));
        lab.Ingress(lab.LoadTest, 81).ShouldBe(PolicyVerdict.Allow);
    }

    /// <summary>
    /// What enableDefaultDeny means changed with 1.18 (HTTP rules) and 1.19 (no rules in its direction).
    /// </summary>
    [Theory]
    [InlineData("1.17.0", false, true)]
    [InlineData("1.18.0", true, true)]
    [InlineData("1.19.0", true, false)]
    public void EnableDefaultDeny_has_the_meaning_of_its_release(string release, bool allowsPost, bool denies)
    {
        CiliumVersion.TryParse(release, out CiliumVersion version).ShouldBeTrue();
        var lab = new PolicyLab();
        PolicyVerdict Verdict(string rules) =>
            PolicySet
                .Create(PolicyReader.ReadYaml(PolicyLab.Backends(rules), "f", version).Policies, lab.Identities)
                .Evaluate(TrafficDirection.Ingress, lab.Backend, new Peer(lab.LoadTest, 0), 80, L4Protocol.Tcp);
        Verdict(
            """
              enableDefaultDeny: {ingress: false}
              ingress: [{toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{method: GET}]}}]}]
            """
        )
            .Http!.Allows("POST", "/", "", null)
            .ShouldBe(allowsPost);
        Verdict("  enableDefaultDeny: {ingress: true}\n  egress: [{}]").IsDrop.ShouldBe(denies);
    }

    [Fact]
    public void Http_rules_without_default_deny_bind_where_another_policy_begins_it()
    {
        var lab = new PolicyLab(
            PolicyLab.Backends(
                """
                  enableDefaultDeny: {ingress: false}
                  ingress: [{toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{method: GET}]}}]}]
                """,
                "open"
            ),
            PolicyLab.Backends("  ingress: [{}]", "closed")
        );
        lab.Ingress(lab.LoadTest, 80).Http!.Allows("POST", "/", "", null).ShouldBeFalse();
    }

    [Theory]
    [InlineData("  policyTypes: [Egress]\n  ingress: [{from: [{podSelector: {}}]}]")]
    public void A_kubernetes_section_that_policyTypes_leave_out_applies(string rules)
    {
        var lab = new PolicyLab(PolicyLab.Kubernetes(rules));
        lab.Ingress(lab.LoadTest).ShouldBe(s_denied);
        lab.Ingress(lab.Pod("backend", ("app", "x"))).ShouldBe(PolicyVerdict.Allow);
        lab.Egress(lab.LoadTest).ShouldBe(s_denied);
    }

    [Fact]
    public void An_endpoint_whose_l7_rules_conflict_keeps_its_old_policy()
    {
        const string Http = "{toPorts: [{ports: [{port: '53', protocol: TCP}], rules: {http: [{method: GET}]}}]}";
        const string Dns = "{toPorts: [{ports: [{port: '53', protocol: ANY}], rules: {dns: [{matchPattern: '*'}]}}]}";
        var lab = new PolicyLab(PolicyLab.Backends("  egress: [{toEntities: [world]}]", "one"));
        EndpointIdentity backend = lab.Backend;
        PolicySet Next(PolicySet previous, params string[] policies) =>
            PolicySet.Create(policies.SelectMany(PolicyLab.Read), lab.Identities, previous: previous);
        PolicyVerdict Out(PolicySet set, EndpointIdentity peer) =>
            set.Evaluate(TrafficDirection.Egress, backend, new Peer(peer, 0), 53, L4Protocol.Tcp);

        PolicySet first = Next(lab.Policies, PolicyLab.Backends($"  egress: [{Http}]", "one"));
        first.RegenerationError(backend).ShouldBeNull();
        PolicySet conflict = Next(
            first,
            PolicyLab.Backends($"  egress: [{Http}]", "one"),
            PolicyLab.Backends($"  egress: [{Dns}]", "two")
        );
        conflict.RegenerationError(backend).ShouldBe("cannot merge conflicting L7 parsers (http/dns)");
        Out(conflict, lab.LoadTest).IsRedirect.ShouldBeTrue();
        // Still the same policy after further conflicting ones, and none for a Pod that is new.
        PolicySet again = Next(conflict, PolicyLab.Backends($"  egress: [{Dns}, {Http}]", "one"));
        again.RegenerationError(backend).ShouldBe("cannot merge conflicting L7 parsers (dns/http)");
        Out(again, lab.LoadTest).IsRedirect.ShouldBeTrue();
        EndpointIdentity born = lab.Pod("backend", ("app", "backend"), ("born", "later"));
        again.Evaluate(TrafficDirection.Egress, born, new Peer(lab.LoadTest, 0), 53, L4Protocol.Tcp).ShouldBe(s_denied);
        // The conflict ends, the new policy holds.
        PolicySet solved = Next(again, PolicyLab.Backends($"  egress: [{Dns}]", "two"));
        solved.RegenerationError(backend).ShouldBeNull();
        Out(solved, lab.LoadTest).ShouldBe(PolicyVerdict.Allow);
        // Others are not concerned.
        conflict.RegenerationError(lab.LoadTest).ShouldBeNull();
    }

    [Fact]
    public void Rules_and_policies_unite_and_deny_wins_over_all_of_them()
    {
        var lab = new PolicyLab(
            PolicyLab.Backends(
                "  ingress: [{toPorts: [{ports: [{port: '80'}]}]}, {toPorts: [{ports: [{port: '81'}]}]}]",
                "first"
            ),
            PolicyLab.Backends("  ingress: [{fromEndpoints: [{matchLabels: {app: friend}}]}]", "second"),
            PolicyLab.Backends("  ingressDeny: [{toPorts: [{ports: [{port: '81'}]}]}]", "third"),
            PolicyLab.Kubernetes("  ingress: [{ports: [{port: 82}]}]")
        );
        EndpointIdentity friend = lab.Pod("backend", ("app", "friend"));
        lab.Ingress(lab.LoadTest, 80).ShouldBe(PolicyVerdict.Allow);
        lab.Ingress(lab.LoadTest, 81).ShouldBe(PolicyVerdict.Drop(DropReason.DeniedByDenyRule));
        lab.Ingress(lab.LoadTest, 82).ShouldBe(PolicyVerdict.Allow);
        lab.Ingress(lab.LoadTest, 83).ShouldBe(s_denied);
        lab.Ingress(friend, 83).ShouldBe(PolicyVerdict.Allow);
        lab.Ingress(friend, 81).ShouldBe(PolicyVerdict.Drop(DropReason.DeniedByDenyRule));
    }

    [Fact]
    public void Specs_is_a_list_of_rules_for_different_endpoints()
    {
        var lab = new PolicyLab(
            """
            apiVersion: cilium.io/v2
            kind: CiliumNetworkPolicy
            metadata: {name: p, namespace: backend}
            specs:
            - {endpointSelector: {matchLabels: {app: backend}}, ingress: [{}]}
            - {endpointSelector: {matchLabels: {app: other}}, egress: [{}]}
            """
        );
        lab.Ingress(lab.LoadTest).ShouldBe(s_denied);
        lab.Egress(lab.LoadTest).ShouldBe(PolicyVerdict.Allow);
        lab.Policies.Evaluate(
                TrafficDirection.Egress,
                lab.Pod("backend", ("app", "other")),
                new Peer(lab.LoadTest, 0),
                80,
                L4Protocol.Tcp
            )
            .ShouldBe(s_denied);
    }

    [Fact]
    public void An_update_is_a_new_set_and_its_verdicts_compare_by_value()
    {
        const string Rules =
            """  ingress: [{toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{method: GET}, {path: /a}]}}]}]""";
        var before = new PolicyLab(PolicyLab.Backends(Rules));
        var same = new PolicyLab(
            PolicyLab.Backends(
                Rules.Replace("{method: GET}, {path: /a}", "{path: /a}, {method: GET}", StringComparison.Ordinal)
            )
        );
        var other = new PolicyLab(PolicyLab.Backends(Rules.Replace("GET", "POST", StringComparison.Ordinal)));
        PolicyVerdict verdict = before.Ingress(before.LoadTest, 80);
        same.Ingress(same.LoadTest, 80).ShouldBe(verdict);
        same.Ingress(same.LoadTest, 80).GetHashCode().ShouldBe(verdict.GetHashCode());
        other.Ingress(other.LoadTest, 80).ShouldNotBe(verdict);
        verdict.ShouldNotBe(PolicyVerdict.Allow);
        verdict.ShouldNotBe(PolicyVerdict.Redirect(HttpRuleSet.AllowAll));
    }

    [Fact]
    public void An_identity_of_another_table_is_refused()
    {
        var lab = new PolicyLab();
        EndpointIdentity foreign = new IdentityTable().World;
        Should.Throw<ArgumentException>(() => lab.Ingress(foreign));
        Should.Throw<ArgumentException>(() =>
            lab.Policies.Evaluate(TrafficDirection.Ingress, foreign, new Peer(lab.Backend, 0), 80, L4Protocol.Tcp)
        );
    }

    private static PolicyVerdict Ingress(PolicyLab lab) => lab.Ingress(lab.LoadTest);
}
