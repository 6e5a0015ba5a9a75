using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

public class PolicyReaderTests
{
    [Fact]
    public void A_problem_names_file_line_policy_field_value_and_remedy()
    {
        PolicyProblem problem = PolicyProblems.SingleOf(
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
                "test.yaml:9: backend/p: spec.ingress[0].toPorts[0].ports[0].port: \"8080\": "
                    + "must be a text, is a whole number; quote it"
            );
    }

    [Fact]
    public void All_problems_of_all_documents_are_reported_together_and_no_policy_is_kept()
    {
        PolicyReadResult result = PolicyReader.ReadYaml(
            string.Join(
                "\n---\n",
                PolicyLab.Backends("  ingress: [{}]", "good"),
                PolicyLab.Backends("  ingres: []\n  nodeSelector: 1\n  ingress: [{}]", "bad"),
                PolicyLab.Kubernetes("  egress: 1")
            ),
            "test.yaml"
        );
        result.Policies.ShouldBeEmpty();
        result
            .Problems.Select(p => (p.Policy, p.Field))
            .ShouldBe([
                ("backend/bad", "spec.ingres"),
                ("backend/bad", "spec"),
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
        PolicyProblems.SingleOf(Head).Message.ShouldContain("'spec' or 'specs' is missing");
        PolicyProblems.SingleOf(Head + "spec: {ingress: [{}]}").Message.ShouldContain("'endpointSelector' is missing");
    }

    [Fact]
    public void The_namespace_of_a_clusterwide_policy_has_no_meaning()
    {
        PolicyReadResult result = PolicyReader.ReadYaml(
            "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\n"
                + "metadata: {name: p, namespace: a}\nspec: {endpointSelector: {}, ingress: [{}]}",
            "f"
        );
        result.Problems.ShouldBeEmpty();
        result.Policies.ShouldHaveSingleItem().Namespace.ShouldBeEmpty();
    }

    [Fact]
    public void A_host_policy_is_read_and_selects_no_pod()
    {
        PolicyReadResult result = PolicyReader.ReadYaml(
            "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\n"
                + "metadata: {name: p}\nspec: {nodeSelector: {}, ingress: [{}]}",
            "f"
        );
        result.Problems.ShouldBeEmpty();
        result.Policies.ShouldHaveSingleItem().Specs.ShouldBeEmpty();
        result.Notes.ShouldHaveSingleItem().Message.ShouldContain("no effect on Pods");
    }

    [Fact]
    public void One_name_twice_in_a_file_is_refused() =>
        PolicyProblems
            .SingleOf(PolicyLab.Backends("  ingress: [{}]") + "\n---\n" + PolicyLab.Backends("  egress: [{}]"))
            .Message.ShouldContain("appears twice in the file, first at line 1");

    [Fact]
    public void An_object_as_an_API_server_returns_it_is_read()
    {
        JsonObject stored = JsonNode
            .Parse(
                """
                {
                  "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                  "metadata": {"name": "p", "namespace": "backend", "uid": "1", "resourceVersion": "5",
                   "generation": 1, "creationTimestamp": null, "managedFields": [{"manager": "x"}]},
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
    public void A_problem_prints_on_one_line_whatever_the_file_contains()
    {
        PolicyProblem problem = PolicyProblems.SingleOf(
            PolicyLab.Backends("  ingress: [{}]\n  \"in\\ngress\\e[31m\\u202e\": []")
        );
        string line = problem.ToString();
        line.Any(char.IsControl).ShouldBeFalse();
        line.ShouldNotContain('\u202e');
        line.ShouldContain("\\u{A}");
    }
}
