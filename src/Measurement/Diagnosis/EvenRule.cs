using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>Nothing is wrong: every request succeeded and neither selection nor delivery is skewed. It is even when the
/// verdict says so, and undecided before.</summary>
public sealed class EvenRule : IDiagnosisRule
{
    /// <summary>A Pod that gets this many times the requests the client knows of is not a plain case. Less may be the
    /// phase's edge: counters are read a moment later than the last record counts.</summary>
    private const double Repeated = 1.5;

    /// <summary>Whether many more requests reached a Pod than the client knows of.</summary>
    internal static bool IsRepeated(PhaseReport phase) =>
        phase.Pods.Any(p => p.Ok > 0 && p.Echo > p.Ok * Repeated + Shares.Enough);

    /// <summary>Whether ports that were used before a Pod came may repeat old choices (stale-conntrack). If they do,
    /// young of N Pods can get, on such ports, young/N of what the deleted Pods had, that is young/N of their fair
    /// share at most (<c>StaleConntrackShare</c> with p = 1): they do not when the new Pods surely have more.</summary>
    private static bool MayRepeatOldChoices(Evidence evidence)
    {
        var pods = evidence.Phase.Pods;
        var young = Shares.Young(evidence);
        if (
            evidence.Connections is not { OnOldPorts.Count: > 0 } connections
            || young.Count == 0
            || young.Count == pods.Length
        )
            return false;
        var onOld = Shares.Evaluate(pods, p => connections.OnOldPorts.GetValueOrDefault(p.Pod.Name));
        return onOld.Kind is VerdictKind.Skewed
            || onOld.Shares.Any(s =>
                young.Contains(s.Backend) && s.Share.Lower <= s.Expected * young.Count / pods.Length
            );
    }

    /// <summary>Name of the diagnosis.</summary>
    public const string Name = "even";

    public DiagnosisResult? Examine(Evidence evidence)
    {
        var phase = evidence.Phase;
        if (
            phase.Requests == 0
            || phase.Failures > 0
            || Shares.IsSkewed(phase)
            || SlowPodRule.SlowPod(phase) is not null
            || IsRepeated(phase)
        )
            return null;
        // Connections that are kept, or whose port repeats its choice: the choices may be fair while the load is not.
        if (Shares.RequestsAreSkewed(phase) || Shares.StrayAnswers(phase) > 0)
            return null;
        if (MayRepeatOldChoices(evidence))
            return null;
        var competing = phase.Pods.Count(p => Shares.Expected(phase, p) > 0);
        var isOnly = competing == 1;
        var pods = isOnly
            ? phase.Pods.Length == 1
                ? "the only pod"
                : "the only pod that is to be chosen"
            : competing == phase.Pods.Length
                ? $"the {competing} pods"
                : $"the {competing} of {phase.Pods.Length} pods that are to be chosen";
        ImmutableArray<string> supports = [$"{phase.Ok} of {phase.Requests} requests succeeded"],
            refutes = ["a failure", "a share outside the tolerance"];
        return phase.Delivery.Successes.Kind is VerdictKind.Even
            ? new DiagnosisResult
            {
                Name = Name,
                Sentence = isOnly
                    ? $"Every request succeeds. They go to {pods}, so nothing can be even or skewed."
                    : $"Every request succeeds and {pods} share them evenly.",
                Supports = supports,
                Refutes = refutes,
            }
            : new DiagnosisResult
            {
                Name = DiagnosisResult.UndecidedName,
                Sentence = isOnly
                    ? $"Every request succeeds. They go to {pods}; {Missing(evidence)}."
                    : $"Every request succeeds and no skew has been found among {pods} so far; {Missing(evidence)}.",
                Supports = supports,
                Refutes = refutes,
            };
    }

    /// <summary>What a decision needs.</summary>
    private static string Missing(Evidence evidence)
    {
        var (phase, verdict) = (evidence.Phase, evidence.Phase.Delivery.Successes);
        if (verdict.Withheld is { } reason)
            return $"no decision: {reason}";
        if (evidence.Connections is { MaxRequests: > 1, Opened: var opened })
            return $"{phase.Requests} requests on {opened} kept connections are only {opened} choices of a pod: "
                + "a decision needs more connections";
        if (evidence.Connections is { Ports: > 0 and var ports } && 2 * ports < phase.Requests)
            return $"{phase.Requests} connections from {ports} client ports are only {ports} choices of a pod: "
                + "a decision needs more ports";
        return verdict.FurtherConnections is { } further
            ? $"a decision needs about {further} more {VerdictText.Noun(verdict)}"
            : "no decision is in sight at these shares";
    }
}
