using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;
using static System.FormattableString;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>
/// What the requests show that started while backends, policies or settings were changing. Their shares show nothing:
/// which Pod could be chosen changed meanwhile.
/// </summary>
public static class ChangeDiagnosis
{
    /// <summary>No Pod of the Service was ready.</summary>
    public const string NoEndpoints = "no-endpoints";

    /// <summary>Requests failed while Pods were replaced, or another change reached the nodes.</summary>
    public const string FailuresDuringChange = "failures-during-change";

    /// <summary>No request failed.</summary>
    public const string Changing = "changing";

    public static DiagnosisResult Of(ChangeFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var failed = $"{facts.Failures} of {facts.Requests} requests failed";
        if (facts.Failures == 0)
            return new DiagnosisResult
            {
                Name = Changing,
                Sentence =
                    $"The cluster was changing: nothing is concluded from the shares of {facts.Requests} requests, "
                    + "none of which failed.",
                Supports = Supports(facts, failed),
            };
        var lasting = Invariant($"within {facts.FailingSeconds:0.0} s");
        if (facts.NoPodSeconds is { } seconds)
            return new DiagnosisResult
            {
                Name = NoEndpoints,
                Sentence = Invariant($"No pod of Service {facts.Service} was ready for {seconds:0.0} s: {failed}."),
                Hop = "the Service has no endpoints",
                Supports = Supports(facts, $"{failed} {lasting}"),
                Refutes = [$"an EndpointSlice of Service {facts.Service} with a ready endpoint at that time"],
                Remedies =
                [
                    "at least two replicas, and a PodDisruptionBudget or maxUnavailable that leaves one ready",
                    "a readiness probe that fits: kubectl describe pod says why a pod is not ready",
                ],
            };
        if (facts.Before is { } before && FailureRate.IsAsBefore(facts.Failures, facts.Requests, before))
            return new DiagnosisResult
            {
                Name = DiagnosisResult.UnknownName,
                Sentence =
                    $"{failed} {lasting} while the cluster was changing, and {before.Failures} of {before.Requests} "
                    + "before: the failures did not begin with the change.",
                Supports = Supports(facts, failed),
                Refutes = ["failures of another kind since the change"],
            };
        return new DiagnosisResult
        {
            Name = FailuresDuringChange,
            Sentence =
                $"{failed} {lasting} while "
                + (
                    facts.Removed.IsEmpty ? "a change reached the nodes"
                    : facts.Removed is [var only] ? $"pod {only} was being removed"
                    : $"pods {string.Join(", ", facts.Removed)} were being removed"
                )
                + (facts.Events.IsEmpty ? "." : $" ({string.Join("; ", facts.Events.Take(3))})."),
            Hop = facts.Removed.IsEmpty ? "" : "pods that are being removed still receive requests",
            Supports = Supports(facts, failed),
            Refutes = ["failures that go on after the change"],
            Remedies = facts.Removed.IsEmpty
                ? []
                :
                [
                    "a preStop sleep of a few seconds: the pod serves until every node has taken it out of the Service",
                    "a server that finishes its open requests at SIGTERM within terminationGracePeriodSeconds",
                    "maxUnavailable: 0, so that a new pod is ready before an old one is removed",
                ],
        };
    }

    /// <summary>Phases of a long run that are no longer kept one by one.</summary>
    public static DiagnosisResult Dropped(int phases, RequestTotals totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        return new DiagnosisResult
        {
            Name = totals.Failures > 0 ? FailuresDuringChange : Changing,
            Sentence =
                $"{phases} phases of this long run are counted together: "
                + $"{totals.Failures} of {totals.Requests} requests failed.",
        };
    }

    private static ImmutableArray<string> Supports(ChangeFacts facts, string failed) =>
        [
            failed,
            .. facts.FailuresByPod.Select(p => $"{p.Value} failures were answered by pod {p.Key} itself"),
            .. facts.Events.Take(10),
            .. facts.Added.Length > 0 ? [$"ready since: {string.Join(", ", facts.Added)}"] : Array.Empty<string>(),
        ];
}
