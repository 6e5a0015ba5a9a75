using System.Text.RegularExpressions;
using CiliumDebugging.Datapath.Policies.Manifests;

namespace CiliumDebugging.Datapath.Tests.Golden;

/// <summary>A class of documents that the lab refuses and Cilium accepts: a line of differences.txt.</summary>
internal sealed partial record KnownDifference(string Field, string Message, string Example)
{
    public static IReadOnlyList<KnownDifference> All { get; } =
    [
        .. File.ReadLines(GoldenData.PathOf("differences.txt"))
            .Where(l => l.Length > 0 && l[0] != '#')
            .Select(l => l.Split(" | "))
            .Select(l => new KnownDifference(l[0], l[1], l[2])),
    ];

    /// <summary>Whether the lab refuses a document for known differences alone.</summary>
    public static bool Explain(PolicyReadResult read) => read.Problems.All(p => All.Any(d => d.Is(p)));

    public bool Is(PolicyProblem problem) =>
        Index().Replace(problem.Field, "").EndsWith($".{Field}", StringComparison.Ordinal)
        && problem.Message.Contains(Message, StringComparison.Ordinal);

    public override string ToString() => $"{Field} {Message}";

    [GeneratedRegex(@"\[\d+\]")]
    private static partial Regex Index();
}
