using CiliumDebugging.LoadTest.Analysis;

namespace CiliumDebugging.LoadTest.Diagnosis;

/// <summary>Asks the rules in turn. "Unknown" is an answer.</summary>
public static class Diagnostician
{
    private static readonly IDiagnosisRule[] s_rules = [new TwoSidedL7Rule(), new EvenRule()];

    /// <summary>The first rule that recognises its mechanism.</summary>
    public static DiagnosisResult Diagnose(Evidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        foreach (var rule in s_rules)
            if (rule.Examine(evidence) is { } result) return result;
        var phase = evidence.Phase;
        return DiagnosisResult.Unknown(phase.Failures > 0
            ? $"{phase.Failures} of {phase.Requests} requests failed"
            : $"the load is {(phase.Delivery.Successes.Kind is VerdictKind.Skewed ? "skewed" : "not even")} while every request succeeds");
    }
}
