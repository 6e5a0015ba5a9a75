using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

public class PolicyReaderTests
{
    private static PolicyProblem Single(string yaml)
    {
        PolicyReadResult result = PolicyReader.ReadYaml(yaml, "test.yaml");
        result.Policies.ShouldBeEmpty();
        return result.Problems.ShouldHaveSingleItem();
    }

    [Fact]
    public void A_problem_names_file_line_policy_field_value_and_remedy()
    {
        PolicyProblem problem = Single(
            """
            apiVersion: cilium.io/v2
            kind: CiliumNetworkPolicy
            metadata: {name: p, namespace: backend}
            spec:
              endpointSelector: {}
              ingress:
                - toPorts:
                    - ports:
                        - port: 8080
            """
        );
        problem.ShouldBe(
            new PolicyProblem(
                "test.yaml",
                9,
                "backend/p",
                "spec.ingress[0].toPorts[0].ports[0].port",
                "8080",
                "must be a text, is a whole number; quote it"
            )
        );
        problem
            .ToString()
            .ShouldBe(
                "test.yaml:9: backend/p: spec.ingress[0].toPorts[0].ports[0].port: \"8080\": must be a text, is a whole number; quote it"
            );
    }

    [Fact]
    public void All_problems_of_all_documents_are_reported_together_and_no_policy_is_kept()
    {
        PolicyReadResult result = PolicyReader.ReadYaml(
            string.Join(
                "\n---\n",
                PolicyLab.Backends("  ingress: [{}]", "good"),
                PolicyLab.Backends("  ingres: []\n  nodeSelector: {}", "bad"),
                PolicyLab.Kubernetes("  egress: 1")
            ),
            "test.yaml"
        );
        result.Policies.ShouldBeEmpty();
        result
            .Problems.Select(p => (p.Policy, p.Field))
            .ShouldBe([
                ("backend/bad", "spec.ingres"),
                ("backend/bad", "spec.nodeSelector"),
                ("backend/policy", "spec.egress"),
            ]);
        result.Problems.ShouldAllBe(p => p.Line > 7);
    }

    [Fact]
    public void A_file_of_several_documents_gives_a_policy_for_each()
    {
        PolicyReadResult result = PolicyReader.ReadYaml(
            "---\n"
                + string.Join(
                    "\n---\n",
                    PolicyLab.Backends("  ingress: [{}]", "one"),
                    "# nothing",
                    PolicyLab.Backends("  egress: [{}]", "two"),
                    PolicyLab.Kubernetes("  policyTypes: [Egress]")
                )
                + "\n...\n",
            "test.yaml"
        );
        result.Problems.ShouldBeEmpty();
        result
            .Policies.Select(p => (p.Kind, p.Namespace, p.Name, p.Source))
            .ShouldBe([
                (PolicyKind.CiliumNetworkPolicy, "backend", "one", "test.yaml"),
                (PolicyKind.CiliumNetworkPolicy, "backend", "two", "test.yaml"),
                (PolicyKind.NetworkPolicy, "backend", "policy", "test.yaml"),
            ]);
    }

    [Theory]
    [InlineData("  ingress: [{fromEndpoint: []}]", "spec.ingress[0].fromEndpoint", "unknown field")]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', proto: TCP}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].proto",
        "unknown field"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{paht: /}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].paht",
        "unknown field"
    )]
    [InlineData(
        "  ingressDeny: [{toPorts: [{ports: [{port: '80'}], rules: {}}]}]",
        "spec.ingressDeny[0].toPorts[0].rules",
        "unknown field"
    )]
    [InlineData("  egress: [{fromEndpoints: []}]", "spec.egress[0].fromEndpoints", "unknown field")]
    [InlineData("  egress: [{toFQDNs: [{matchName: example.org}]}]", "spec.egress[0].toFQDNs", "not enforced")]
    [InlineData("  egress: [{toServices: []}]", "spec.egress[0].toServices", "not enforced")]
    [InlineData("  egress: [{toGroups: []}]", "spec.egress[0].toGroups", "not enforced")]
    [InlineData("  egress: [{toNodes: []}]", "spec.egress[0].toNodes", "not enforced")]
    [InlineData("  egress: [{toRequires: []}]", "spec.egress[0].toRequires", "not enforced")]
    [InlineData("  ingress: [{icmps: []}]", "spec.ingress[0].icmps", "not enforced")]
    [InlineData("  ingress: [{authentication: {mode: required}}]", "spec.ingress[0].authentication", "not enforced")]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '80'}], terminatingTLS: {}}]}]",
        "spec.egress[0].toPorts[0].terminatingTLS",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '80'}], originatingTLS: {}}]}]",
        "spec.egress[0].toPorts[0].originatingTLS",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '80'}], serverNames: []}]}]",
        "spec.egress[0].toPorts[0].serverNames",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '80'}], listener: {}}]}]",
        "spec.egress[0].toPorts[0].listener",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '80'}], rules: {kafka: []}}]}]",
        "spec.egress[0].toPorts[0].rules.kafka",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '80'}], rules: {l7proto: x}}]}]",
        "spec.egress[0].toPorts[0].rules.l7proto",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '53'}], rules: {dns: [{matchName: a.b}]}}]}]",
        "spec.egress[0].toPorts[0].rules.dns",
        "not enforced"
    )]
    [InlineData(
        "  egress: [{toCIDRSet: [{cidrGroupRef: x, cidr: 10.0.0.0/8}]}]",
        "spec.egress[0].toCIDRSet[0].cidrGroupRef",
        "not enforced"
    )]
    [InlineData("  nodeSelector: {}", "spec.nodeSelector", "not enforced")]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '8', protocol: ICMP}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].protocol",
        "not enforced"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{headerMatches: [{name: a, mismatch: LOG}]}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].headerMatches[0].mismatch",
        "not enforced"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '0'}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].port",
        "port 0"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '65536'}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].port",
        "1 to 65535"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '-1'}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].port",
        "1 to 65535"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: ''}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].port",
        "1 to 65535"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', endPort: 79}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].endPort",
        "below its start 80"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', endPort: 70000}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].endPort",
        "1 to 65535"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: web, endPort: 81}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].endPort",
        "not a name"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: tcp}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].protocol",
        "upper case"
    )]
    [InlineData("  ingress: [{toPorts: [{ports: []}]}]", "spec.ingress[0].toPorts[0]", "at least one port")]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: UDP}], rules: {http: []}}]}]",
        "spec.ingress[0].toPorts[0].ports[0]",
        "TCP only"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80'}], rules: {http: []}}]}]",
        "spec.ingress[0].toPorts[0].ports[0]",
        "TCP only"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '53', protocol: TCP}], rules: {http: [], dns: [{matchPattern: '*'}]}}]}]",
        "spec.egress[0].toPorts[0].rules",
        "one type"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '53', protocol: TCP}], rules: {http: []}}]}, {toPorts: [{ports: [{port: '53'}], rules: {dns: []}}]}]",
        "spec.egress[0].toPorts[0].ports[0]",
        "one type"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '53'}], rules: {dns: []}}]}]",
        "spec.ingress[0].toPorts[0].rules.dns",
        "not allowed on ingress"
    )]
    [InlineData(
        "  egress: [{toPorts: [{ports: [{port: '54'}], rules: {dns: []}}]}]",
        "spec.egress[0].toPorts[0].ports[0]",
        "port 53 only"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{path: '/('}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].path",
        "regular expression"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{path: 'a)|(b'}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].path",
        "regular expression"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{method: '(?!GET).*'}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].method",
        "backtracking"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{host: '(a)\\1'}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].host",
        "backtracking"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{path: '((a{1000}){1000}){1000}'}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].path",
        "regular expression"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{headers: ['X-Y:v']}]}}]}]",
        "spec.ingress[0].toPorts[0].rules.http[0].headers[0]",
        "Name: value"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{}], fromEntities: [all]}]",
        "spec.ingress[0]",
        "does not combine fromEndpoints and fromEntities"
    )]
    [InlineData("  ingress: [{fromEntities: [everyone]}]", "spec.ingress[0].fromEntities[0]", "the entities are")]
    [InlineData("  ingress: [{fromCIDR: [10.0.0.0/33]}]", "spec.ingress[0].fromCIDR[0]", "address block")]
    [InlineData("  ingress: [{fromCIDR: [10.0.0]}]", "spec.ingress[0].fromCIDR[0]", "address block")]
    [InlineData("  ingress: [{fromCIDR: [010.0.0.1]}]", "spec.ingress[0].fromCIDR[0]", "address block")]
    [InlineData("  ingress: [{fromCIDR: ['fe80::1%eth0']}]", "spec.ingress[0].fromCIDR[0]", "address block")]
    [InlineData(
        "  ingress: [{fromCIDRSet: [{cidr: 10.0.0.1}]}]",
        "spec.ingress[0].fromCIDRSet[0].cidr",
        "address block"
    )]
    [InlineData(
        "  ingress: [{fromCIDRSet: [{except: [10.0.0.0/8]}]}]",
        "spec.ingress[0].fromCIDRSet[0]",
        "'cidr' is missing"
    )]
    [InlineData(
        "  ingress: [{fromCIDRSet: [{cidr: 10.0.0.0/8, except: [11.0.0.0/16]}]}]",
        "spec.ingress[0].fromCIDRSet[0].except[0]",
        "not inside 10.0.0.0/8"
    )]
    [InlineData(
        "  ingress: [{fromCIDRSet: [{cidr: 10.0.0.0/8, except: ['fd00::/16']}]}]",
        "spec.ingress[0].fromCIDRSet[0].except[0]",
        "not inside"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchLabels: {'-app': x}}]}]",
        "spec.ingress[0].fromEndpoints[0].matchLabels.-app",
        "label key"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchLabels: {app: 'a b'}}]}]",
        "spec.ingress[0].fromEndpoints[0].matchLabels.app",
        "label value"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchLabels: {version: 1.0}}]}]",
        "spec.ingress[0].fromEndpoints[0].matchLabels.version",
        "quote it"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchLabels: {on: yes}}]}]",
        "spec.ingress[0].fromEndpoints[0].matchLabels.on",
        "quote it"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchLabels: {'cidr:app': x}}]}]",
        "spec.ingress[0].fromEndpoints[0].matchLabels.cidr:app",
        "label source"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchLabels: {'reserved:all': ''}}]}]",
        "spec.ingress[0].fromEndpoints[0].matchLabels.reserved:all",
        "reserved labels are"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchExpressions: [{key: a, operator: In}]}]}]",
        "spec.ingress[0].fromEndpoints[0].matchExpressions[0]",
        "needs at least one"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchExpressions: [{key: a, operator: Exists, values: [x]}]}]}]",
        "spec.ingress[0].fromEndpoints[0].matchExpressions[0]",
        "takes no"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchExpressions: [{key: a, operator: Gt, values: ['1']}]}]}]",
        "spec.ingress[0].fromEndpoints[0].matchExpressions[0].operator",
        "operator must be"
    )]
    [InlineData(
        "  ingress: [{fromEndpoints: [{matchExpressions: [{operator: Exists}]}]}]",
        "spec.ingress[0].fromEndpoints[0].matchExpressions[0]",
        "needs 'key'"
    )]
    [InlineData("  enableDefaultDeny: {ingress: 'true'}", "spec.enableDefaultDeny.ingress", "must be a boolean")]
    [InlineData("  enableDefaultDeny: {in: true}", "spec.enableDefaultDeny.in", "unknown field")]
    [InlineData("  ingress:", "spec.ingress", "no value")]
    [InlineData("  ingress: {}", "spec.ingress", "must be a list")]
    [InlineData("  ingress: [null]", "spec.ingress[0]", "must be a map")]
    [InlineData("  description: [a]", "spec.description", "must be a text")]
    public void A_cilium_policy_is_refused_for(string rules, string field, string message)
    {
        PolicyProblem problem = Single(PolicyLab.Backends(rules));
        problem.Field.ShouldBe(field);
        problem.Message.ShouldContain(message);
        problem.Policy.ShouldBe("backend/policy");
        problem.Line.ShouldBe(6);
    }

    [Theory]
    [InlineData("  ingress: [{ports: [{port: '80'}]}]", "spec.ingress[0].ports[0].port", "without quotes")]
    [InlineData("  ingress: [{ports: [{port: 0}]}]", "spec.ingress[0].ports[0].port", "1 to 65535")]
    [InlineData("  ingress: [{ports: [{port: Web}]}]", "spec.ingress[0].ports[0].port", "lower-case")]
    [InlineData(
        "  ingress: [{ports: [{port: 80, endPort: 79}]}]",
        "spec.ingress[0].ports[0].endPort",
        "below its start"
    )]
    [InlineData("  ingress: [{ports: [{endPort: 79}]}]", "spec.ingress[0].ports[0].endPort", "needs a number")]
    [InlineData("  ingress: [{ports: [{protocol: ANY}]}]", "spec.ingress[0].ports[0].protocol", "TCP, UDP or SCTP")]
    [InlineData("  ingress: [{from: [{}]}]", "spec.ingress[0].from[0]", "a peer needs")]
    [InlineData(
        "  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]",
        "spec.ingress[0].from[0]",
        "cannot be combined"
    )]
    [InlineData("  ingress: [{to: []}]", "spec.ingress[0].to", "unknown field")]
    [InlineData("  policyTypes: [ingress]", "spec.policyTypes[0]", "Ingress or Egress")]
    [InlineData("  policyTypes: Egress", "spec.policyTypes", "must be a list")]
    [InlineData("  ingressDeny: []", "spec.ingressDeny", "unknown field")]
    [InlineData(
        "  ingress: [{from: [{podSelector: {matchLabels: {'k8s:app': x}}}]}]",
        "spec.ingress[0].from[0].podSelector.matchLabels.k8s:app",
        "label key"
    )]
    public void A_kubernetes_policy_is_refused_for(string rules, string field, string message)
    {
        PolicyProblem problem = Single(PolicyLab.Kubernetes(rules));
        problem.Field.ShouldBe(field);
        problem.Message.ShouldContain(message);
    }

    [Theory]
    [InlineData("", "no policy")]
    [InlineData("# only a comment\n---\n", "no policy")]
    [InlineData("a: [", "not YAML")]
    [InlineData("a: *nowhere", "")]
    [InlineData("&a [*a]", "no earlier, complete value")]
    [InlineData("a: 1\na: 2", "'a' appears twice")]
    [InlineData("? [a]\n: 1", "a key must be a text")]
    [InlineData("a: !binary x", "tag")]
    [InlineData("just a text", "not a policy")]
    [InlineData("apiVersion: v1\nkind: Pod", "not a policy")]
    [InlineData("apiVersion: cilium.io/v1\nkind: CiliumNetworkPolicy", "not a policy")]
    public void A_text_that_is_no_policy_is_refused(string yaml, string message) =>
        Single(yaml).Message.ShouldContain(message);

    [Theory]
    [InlineData("metadata: {}", "'name' is missing")]
    [InlineData("metadata: {name: A}", "a name is")]
    [InlineData("metadata: {name: p, namespace: a.b}", "a namespace is")]
    [InlineData("metadata: {name: p, nmaespace: b}", "unknown field")]
    [InlineData("metadata: {name: p, labels: {a: 'b c'}}", "label value")]
    [InlineData("metadata: {name: p, annotations: {a: 1}}", "quote it")]
    [InlineData("x: 1", "'metadata' with a name is missing")]
    public void Metadata_is_checked(string metadata, string message)
    {
        string yaml =
            $"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n{metadata}\nspec: {{endpointSelector: {{}}}}";
        PolicyReader
            .ReadYaml(yaml, "f")
            .Problems.ShouldContain(p => p.Message.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_policy_needs_a_spec_and_an_endpointSelector()
    {
        const string Head = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p}\n";
        Single(Head).Message.ShouldContain("'spec' or 'specs' is missing");
        Single(Head + "spec: {}").Message.ShouldContain("'endpointSelector' is missing");
    }

    [Fact]
    public void A_clusterwide_policy_has_no_namespace()
    {
        Single(
            "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: p, namespace: a}\nspec: {endpointSelector: {}}"
        )
            .Field.ShouldBe("metadata.namespace");
    }

    [Fact]
    public void One_name_twice_in_a_file_is_refused() =>
        Single(PolicyLab.Backends("  ingress: []") + "\n---\n" + PolicyLab.Backends("  egress: []"))
            .Message.ShouldContain("appears twice in the file, first at line 1");

    [Fact]
    public void An_object_as_an_API_server_returns_it_is_read()
    {
        JsonObject stored = JsonNode
            .Parse(
                """
                {
                  "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                  "metadata": {"name": "p", "namespace": "backend", "uid": "1", "resourceVersion": "5", "generation": 1, "creationTimestamp": null, "managedFields": [{"manager": "x"}]},
                  "spec": {"podSelector": {}, "ingress": null, "policyTypes": ["Ingress"]},
                  "status": {}
                }
                """
            )!
            .AsObject();
        PolicyReadResult result = PolicyReader.ReadJson(stored, "api");
        result.Problems.ShouldBeEmpty();
        result.Policies.ShouldHaveSingleItem().Specs.ShouldHaveSingleItem().IngressDefaultDeny.ShouldBeTrue();
    }

    [Fact]
    public void JSON_objects_with_a_repeated_key_or_too_deep_are_refused()
    {
        JsonObject twice = JsonNode.Parse("""{"kind": "a", "kind": "b"}""")!.AsObject();
        PolicyReader.ReadJson(twice, "api").Problems.ShouldHaveSingleItem().Message.ShouldContain("twice");
        var deep = new JsonObject();
        for (int i = 0; i < 100_000; i++)
            deep = new JsonObject { ["a"] = deep };
        PolicyReader.ReadJson(deep, "api").Problems.ShouldHaveSingleItem().Message.ShouldContain("nested deeper");
    }

    [Theory]
    [InlineData("[", "")]
    [InlineData("{a: ", "")]
    [InlineData("- ", "")]
    [InlineData("? ", "")]
    [InlineData("[", "]")]
    public void Deep_nesting_is_refused_instead_of_overflowing_the_stack(string open, string close)
    {
        string yaml =
            string.Concat(Enumerable.Repeat(open, 100_000)) + string.Concat(Enumerable.Repeat(close, 100_000));
        Single(yaml).Message.ShouldNotBeEmpty();
    }

    [Fact]
    public void An_alias_bomb_is_refused()
    {
        string bomb =
            "a0: &a0 [x, x]\n"
            + string.Concat(Enumerable.Range(1, 40).Select(i => $"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n"));
        Single(bomb).Message.ShouldContain("more than 100000 values");
    }

    [Fact]
    public void A_text_beyond_the_size_limit_is_refused() =>
        Single(new string('#', (1 << 20) + 1)).Message.ShouldContain("the limit is");

    [Fact]
    public void Aliases_are_values_like_others()
    {
        var lab = new PolicyLab(
            PolicyLab.Backends(
                """
                  ingress:
                  - &rule {fromEndpoints: [{matchLabels: &labels {app: a}}]}
                  egress:
                  - toEndpoints: [{matchLabels: *labels}]
                """
            )
        );
        lab.Egress(lab.Pod("backend", ("app", "a"))).ShouldBe(PolicyVerdict.Allow);
        lab.Egress(lab.Pod("backend", ("app", "b"))).IsDrop.ShouldBeTrue();
    }

    [Fact]
    public void A_problem_prints_on_one_line_whatever_the_file_contains()
    {
        PolicyProblem problem = Single(PolicyLab.Backends("  \"in\\ngress\\e[31m\\u202e\": []"));
        string line = problem.ToString();
        line.Any(char.IsControl).ShouldBeFalse();
        line.ShouldNotContain('\u202e');
        line.ShouldContain("\\u{A}");
    }
}
