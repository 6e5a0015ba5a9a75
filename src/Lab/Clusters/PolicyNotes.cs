using CiliumDebugging.Datapath.Policies.Manifests;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>What policies mean that their text does not say, for people.</summary>
internal static class PolicyNotes
{
    /// <summary>One line for each meaning, with the first rule that has it.</summary>
    public static IEnumerable<string> Lines(IEnumerable<PolicyProblem> notes) =>
        notes
            .DistinctBy(n => (n.File, n.Policy, n.Field, n.Message))
            .GroupBy(n => n.Message, StringComparer.Ordinal)
            .Select(g =>
                $"{g.First().File}, {g.First().Field}: {g.Key}"
                + (g.Skip(1).Any() ? $" (also in {g.Count() - 1} more)" : "")
            );
}
