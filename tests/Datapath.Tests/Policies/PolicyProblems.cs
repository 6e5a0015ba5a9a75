using CiliumDebugging.Datapath.Policies.Manifests;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>What the policy reader refuses.</summary>
internal static class PolicyProblems
{
    public static PolicyProblem SingleOf(string yaml)
    {
        PolicyReadResult result = PolicyReader.ReadYaml(yaml, "test.yaml");
        result.Policies.ShouldBeEmpty();
        return result.Problems.ShouldHaveSingleItem();
    }
}
