using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

public class ManifestTextTests
{
    [Theory]
    [InlineData("", "no policy")]
    [InlineData("# only a comment\n---\n", "no policy")]
    [InlineData("a: [", "not YAML")]
    [InlineData("a: *nowhere", "")]
    [InlineData("&a [*a]", "no earlier, complete value")]
    [InlineData("a: 1\na: 2", "'a' appears twice")]
    [InlineData("? [a]\n: 1", "a key must be a text")]
    [InlineData("a: !binary x", "tag")]
    [InlineData("<<: [1]", "'<<' takes a map")]
    [InlineData("just a text", "not a policy")]
    [InlineData("apiVersion: v1\nkind: Pod", "not a policy")]
    [InlineData("apiVersion: cilium.io/v1\nkind: CiliumNetworkPolicy", "not a policy")]
    public void A_text_that_is_no_policy_is_refused(string yaml, string message) =>
        PolicyProblems.SingleOf(yaml).Message.ShouldContain(message);

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
        PolicyProblems.SingleOf(yaml).Message.ShouldNotBeEmpty();
    }

    [Fact]
    public void An_alias_bomb_is_refused()
    {
        string bomb =
            "a0: &a0 [x, x]\n"
            + string.Concat(Enumerable.Range(1, 40).Select(i => $"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n"));
        PolicyProblems.SingleOf(bomb).Message.ShouldContain("more than 100000 values");
    }

    [Fact]
    public void A_text_beyond_the_size_limit_is_refused() =>
        PolicyProblems.SingleOf(new string('#', (1 << 20) + 1)).Message.ShouldContain("the limit is");

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

    /// <summary>As sigs.k8s.io/yaml reads it: a field of its own wins over a merged one.</summary>
    [Theory]
    [InlineData("{<<: *rule, fromEndpoints: [{matchLabels: {app: b}}]}")]
    [InlineData("{fromEndpoints: [{matchLabels: {app: b}}], <<: [*rule]}")]
    public void A_merge_key_adds_the_fields_of_a_map(string rule)
    {
        var lab = new PolicyLab(
            PolicyLab.Backends(
                $$$"""
                  ingress:
                  - &rule {fromEndpoints: [{matchLabels: {app: a}}], toPorts: [{ports: [{port: '80'}]}]}
                  - {{{rule}}}
                """
            )
        );
        lab.Ingress(lab.Pod("backend", ("app", "b")), 80).ShouldBe(PolicyVerdict.Allow);
        lab.Ingress(lab.Pod("backend", ("app", "b")), 81).IsDrop.ShouldBeTrue();
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
}
