using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using static System.FormattableString;

namespace CiliumDebugging.Lab.Running;

/// <summary>Compares the requests that failed in a change with what it is expected to lose.</summary>
internal static class ChangeLoss
{
    /// <summary>The result of the expectation.</summary>
    /// <param name="run">The run.</param>
    /// <param name="expected">What is expected.</param>
    /// <param name="before">The phase before the change; null when there is none.</param>
    /// <param name="changes">The requests between the two phases.</param>
    /// <param name="after">The phase after it.</param>
    /// <param name="ending">The Pods that the change may have ended; null when no Deployment was changed.</param>
    public static ExpectationResult Check(
        ScenarioRun run,
        ExpectedLoss expected,
        PhaseReport? before,
        IReadOnlyList<PhaseReport> changes,
        PhaseReport after,
        EndingPods? ending
    )
    {
        var failed = changes.Sum(c => c.Failures);
        var seen = $"{failed} of {changes.Sum(c => c.Requests)} failed";
        if (expected is ExpectedLoss.None)
            return new($"{after.Name}: no request fails in the change before it", failed == 0, seen);
        HashSet<string> old = [.. before?.Pods.Select(p => p.Pod.Name) ?? []];
        var loss = new EndpointLagLoss(
            run.Scenario.Load.RatePerSecond,
            old.Count,
            old.Except(after.Pods.Select(p => p.Pod.Name)).Count(),
            LagSeconds(run),
            ending ?? new EndingPods(0, 0),
            run.Settle.TotalSeconds
        );
        var (from, to) = loss.Interval;
        var isNamed = changes.Any(c => c.Diagnosis?.Name is ChangeDiagnosis.FailuresDuringChange);
        return new(
            Invariant($"{after.Name}: the change before it loses {loss.Expected:0} requests = {loss.Formula}, ")
                + Invariant($"from {from} to {to}, named {ChangeDiagnosis.FailuresDuringChange}"),
            failed >= from && failed <= to && isNamed == failed > 0,
            seen
        );
    }

    /// <summary>How far the nodes are behind, s; 0 on a cluster that does not say it.</summary>
    private static double LagSeconds(ScenarioRun run) =>
        CiliumConfig.Parse(run.Settings.Where(s => s.Key == CiliumConfig.EndpointLagKey)).EndpointLag.TotalSeconds;
}
