using CiliumDebugging.LoadTest.Analysis;

namespace CiliumDebugging.LoadTest.Diagnosis;

/// <summary>Nothing is wrong: every request succeeded and neither selection nor delivery is skewed.</summary>
public sealed class EvenRule : IDiagnosisRule
{
    /// <inheritdoc/>
    public DiagnosisResult? Examine(Evidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        var phase = evidence.Phase;
        if (phase.Requests == 0 || phase.Failures > 0 || phase.Selection.Kind is VerdictKind.Skewed || phase.Delivery.Successes.Kind is VerdictKind.Skewed) return null;
        var called = phase.Delivery.Successes.Kind is VerdictKind.Even;
        return new DiagnosisResult(
            "even",
            called ? $"Every request succeeds and the {phase.Pods.Length} pods share them evenly." : $"Every request succeeds and no skew has been found among the {phase.Pods.Length} pods so far.",
            "", [$"{phase.Ok} of {phase.Requests} requests succeeded"], ["a failure", "a share outside the tolerance"], [], []);
    }
}
