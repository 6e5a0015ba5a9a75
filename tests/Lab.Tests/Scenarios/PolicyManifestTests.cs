using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Lab.Scenarios;

namespace CiliumDebugging.Lab.Tests.Scenarios;

public sealed class PolicyManifestTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void The_object_for_the_api_says_what_the_file_says()
    {
        var (policies, problems) = PolicyManifest.ReadFile(
            Path.Combine(ScenarioCatalog.BuiltIn, "two-sided-l7", "load-test-policy.yaml")
        );
        problems.ShouldBeEmpty();
        var policy = policies.ShouldHaveSingleItem();
        // The port is a string in the file and must stay one: the API and the policy reader accept the object.
        policy.Manifest["spec"]!["egress"]![0]!["toPorts"]![0]!["ports"]![0]!["port"]!
            .GetValue<string>()
            .ShouldBe("8080");
        var again = PolicyReader.ReadJson(policy.Manifest.DeepClone().AsObject(), "again");
        again.Problems.ShouldBeEmpty();
        again.Policies.ShouldHaveSingleItem().Name.ShouldBe("load-test-1");
    }

    [Fact]
    public void Several_documents_and_kinds_keep_their_order()
    {
        File.WriteAllText(
            _file,
            """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: one, namespace: a}
            spec: {podSelector: {}, policyTypes: [Ingress]}
            ---
            # nothing here
            ---
            apiVersion: cilium.io/v2
            kind: CiliumClusterwideNetworkPolicy
            metadata: {name: two}
            spec: {endpointSelector: {}, ingress: [{}]}
            """
        );
        var (policies, problems) = PolicyManifest.ReadFile(_file);
        problems.ShouldBeEmpty();
        policies
            .Select(p => $"{p.Group}/{p.Version}/{p.Plural}/{p.Model.Name}/{p.Manifest["metadata"]!["name"]}")
            .ShouldBe([
                "networking.k8s.io/v1/networkpolicies/one/one",
                "cilium.io/v2/ciliumclusterwidenetworkpolicies/two/two",
            ]);
    }

    [Fact]
    public void Numbers_and_booleans_are_no_strings()
    {
        File.WriteAllText(
            _file,
            """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: one, namespace: a}
            spec: {podSelector: {}, ingress: [{ports: [{port: 80, endPort: 90}]}]}
            """
        );
        var port = PolicyManifest.ReadFile(_file).Policies.Single().Manifest["spec"]!["ingress"]![0]!["ports"]![0]!;
        JsonNode.DeepEquals(port, JsonNode.Parse("""{"port": 80, "endPort": 90}""")).ShouldBeTrue();
    }

    [Theory]
    [InlineData("kind: Deployment\napiVersion: apps/v1\nmetadata: {name: a}")]
    [InlineData("kind: [")]
    [InlineData("{}")]
    public void What_is_no_policy_is_a_problem_that_names_the_file(string yaml)
    {
        File.WriteAllText(_file, yaml);
        var (policies, problems) = PolicyManifest.ReadFile(_file);
        policies.ShouldBeEmpty();
        problems.ShouldNotBeEmpty();
        problems.ShouldAllBe(p => p.StartsWith(Path.GetFileName(_file), StringComparison.Ordinal) && !p.Contains('\n'));
    }

    [Fact]
    public void A_file_that_is_not_there_is_a_problem() =>
        PolicyManifest
            .ReadFile(_file + ".missing")
            .Problems.ShouldHaveSingleItem()
            .ShouldContain(".missing: cannot be read");
}
