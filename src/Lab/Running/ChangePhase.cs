using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Running;

/// <summary>Reports the requests between two phases as a phase of its own, whose shares are not evaluated.</summary>
internal static class ChangePhase
{
    /// <summary>A change between two phases.</summary>
    /// <param name="tally">Its requests.</param>
    /// <param name="before">The phase before it.</param>
    /// <param name="previous">The report of that phase.</param>
    /// <param name="after">The phase after it; null while there is none.</param>
    /// <param name="counters">The counters now, or (after the load) the last ones; for a change without an end.</param>
    /// <param name="end">When it ended, s since the attack's epoch.</param>
    /// <param name="run">The run.</param>
    public static PhaseReport Of(
        ChangeTally tally,
        PhaseTally before,
        PhaseReport? previous,
        PhaseTally? after,
        ClusterCounters counters,
        double end,
        ScenarioRun run
    )
    {
        var events = run.Ledger.EventsIn(before.End, end).ConvertAll(e => e.Name);
        var name = events switch
        {
            [] when after is null => $"after {before.Name}",
            [] => $"between {before.Name} and {after.Name}",
            [var one] => $"changing: {one}",
            _ => $"changing: {events[0]}, and {events.Count - 1} more",
        };
        ImmutableArray<BackendPod> pods = [.. before.Pods.Union(after?.Pods ?? [])];
        var counted = (after?.Before ?? counters).Since(before.After ?? before.Before);
        var failing = tally.Failing;
        return Report(tally, name, pods, counted, run.ClientNode) with
        {
            Start = before.End,
            Seconds = Math.Max(0, end - before.End),
            Diagnosis = ChangeDiagnosis.Of(
                new ChangeFacts
                {
                    Events = [.. events],
                    Requests = tally.Outcomes.Requests,
                    Failures = tally.Outcomes.Totals.Failures,
                    Before = previous,
                    FailingSeconds = failing is { } f ? f.Last - f.First : 0,
                    NoPodSeconds = tally.WithoutPod is { } without
                        ? Math.Max(0, Math.Min(without.To, end) - without.From)
                        : null,
                    Service = $"{run.Scenario.Load.Namespace}/{run.Scenario.Load.Service}",
                    Removed = after is null ? [] : [.. before.Pods.Except(after.Pods).Select(p => p.Name)],
                    Added = after is null ? [] : [.. after.Pods.Except(before.Pods).Select(p => p.Name)],
                    FailuresByPod = tally
                        .ByPod.Where(p => p.Value.Failed > 0)
                        .ToImmutableSortedDictionary(p => p.Key, p => p.Value.Failed, StringComparer.Ordinal),
                }
            ),
        };
    }

    /// <summary>The phases that a long run has dropped, all together.</summary>
    public static PhaseReport OfDropped(int count, ChangeTally tally, PhaseTally before, double end, ScenarioRun run) =>
        Report(tally, $"{count} phases that are not listed", [], ClusterCounters.Zero, run.ClientNode) with
        {
            Start = before.End,
            Seconds = Math.Max(0, end - before.End),
            Diagnosis = ChangeDiagnosis.Dropped(count, tally.Outcomes.Totals),
        };

    private static PhaseReport Report(
        ChangeTally tally,
        string name,
        ImmutableArray<BackendPod> pods,
        ClusterCounters counted,
        string clientNode
    )
    {
        var nothingExpected = ExpectedShares.Weighted([.. pods.Select(p => p.Name)], new double[pods.Length]);
        return new PhaseReport
        {
            Name = name,
            IsEvaluated = false,
            Seconds = 0,
            Requests = tally.Outcomes.Requests,
            NotSent = tally.Outcomes.NotSent,
            ByStatus = tally.Outcomes.ByStatus,
            Unanswered = tally.Outcomes.Unanswered,
            Pods =
            [
                .. pods.Select(pod =>
                {
                    var (ok, failed) = tally.ByPod.GetValueOrDefault(pod.Name);
                    return PhaseTally.Counts(pod, ok, failed, counted, clientNode);
                }),
            ],
            Selection = new SkewTest(nothingExpected).Verdict(),
            SelectionSource = "client",
            Delivery = new DeliveryTest(nothingExpected).Evaluate(),
        };
    }
}
