using System.Collections.Immutable;

namespace CiliumDebugging.Measurement.Runs;

/// <summary>A named mechanism.</summary>
/// <param name="Name">Name of the rule, or <c>unknown</c>.</param>
/// <param name="Sentence">The diagnosis in one sentence.</param>
/// <param name="Hop">Where on the path; empty when there is nothing to name.</param>
/// <param name="Supports">The observations that support it.</param>
/// <param name="Refutes">What would refute it.</param>
/// <param name="Remedies">What helps.</param>
/// <param name="Links">Where to read on.</param>
public sealed record DiagnosisResult(
    string Name,
    string Sentence,
    string Hop,
    ImmutableArray<string> Supports,
    ImmutableArray<string> Refutes,
    ImmutableArray<string> Remedies,
    ImmutableArray<string> Links
)
{
    /// <summary>No rule fits.</summary>
    public static DiagnosisResult Unknown(string observation) =>
        new("unknown", $"{observation}; no known mechanism fits what the three views show", "", [], [], [], []);
}
