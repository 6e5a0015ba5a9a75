using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Testing;
using CsCheck;
using YamlDotNet.RepresentationModel;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>Mutations of valid files. The number of cases is 4,000, or POLICY_FUZZ_CASES from the
/// environment.</summary>
public class PolicyFuzzTests
{
    private static readonly int s_cases = int.TryParse(
        Environment.GetEnvironmentVariable("POLICY_FUZZ_CASES"),
        out int cases
    )
        ? cases
        : 4_000;

    [Fact]
    public void A_valid_file_stays_valid()
    {
        foreach (string yaml in PolicyMutations.Corpus)
            PolicyLab.Read(yaml).ShouldNotBeEmpty();
    }

    [Fact]
    public void A_mutated_file_gives_all_of_its_policies_or_only_problems()
    {
        int valid = 0;
        int refused = 0;
        Gen.Int.Sample(
            seed =>
            {
                string text = PolicyMutations.Mutate(new Random(seed));
                PolicyReadResult result = PolicyReader.ReadYaml(text, "fuzz.yaml");
                if (Check(result, text))
                    valid++;
                else
                    refused++;
                if (result.IsValid)
                    result.Policies.Length.ShouldBe(Documents(text), text);
            },
            iter: s_cases,
            threads: 1
        );
        TestContext.Current.TestOutputHelper?.WriteLine($"{s_cases} mutated files: {valid} valid, {refused} refused");

        // Both outcomes must be common, or the mutations test nothing.
        valid.ShouldBeGreaterThan(s_cases / 50);
        refused.ShouldBeGreaterThan(s_cases / 4);
    }

    [Fact]
    public void A_mutated_object_is_read_alike_as_JSON_and_as_YAML() =>
        Gen.Int.Sample(
            seed =>
            {
                var random = new Random(seed);
                List<JsonObject> policies = new RandomPolicies(seed).Policies(3);
                if (policies.Count == 0)
                    return;
                JsonObject policy = policies[0];
                for (int i = random.Next(3); i > 0; i--)
                    PolicyMutations.MutateTree(policy, random);
                string text = policy.ToJsonString();
                PolicyReadResult json = PolicyReader.ReadJson(policy, "object");
                PolicyReadResult yaml = PolicyReader.ReadYaml(text, "object");
                Check(json, text).ShouldBe(Check(yaml, text), text);
                json.Problems.Select(p => (p.Policy, p.Field, p.Message))
                    .ShouldBe(yaml.Problems.Select(p => (p.Policy, p.Field, p.Message)), text);
            },
            iter: s_cases / 2,
            threads: 1
        );

    /// <summary>Never both policies and problems, problems that print on one line, and policies that can be
    /// evaluated.</summary>
    private static bool Check(PolicyReadResult result, string text)
    {
        result.Policies.IsEmpty.ShouldBe(!result.Problems.IsEmpty, text);
        foreach (PolicyProblem problem in result.Problems)
        {
            problem
                .ToString()
                .Any(c => char.IsControl(c) || c is '\u2028' or '\u2029')
                .ShouldBeFalse(problem.ToString());
            problem.Message.ShouldNotBeEmpty();
        }
        var table = new IdentityTable();
        var set = PolicySet.Create(result.Policies, table);
        EndpointIdentity pod = table.Pod("backend", [KeyValuePair.Create("app", "backend")]);
        foreach (TrafficDirection direction in Enum.GetValues<TrafficDirection>())
        {
            foreach (EndpointIdentity peer in (EndpointIdentity[])[pod, table.World, table.Host])
                set.Evaluate(direction, pod, new Peer(peer, 1), 80, L4Protocol.Tcp)
                    .Http?.Allows("GET", "/a1", "h", null);
        }
        return result.IsValid;
    }

    /// <summary>The documents of a text as YamlDotNet's own object model sees them.</summary>
    private static int Documents(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream.Documents.Count(d => d.RootNode is YamlMappingNode);
    }
}
