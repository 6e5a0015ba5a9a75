using System.Collections.Immutable;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Status;

internal static class StatusRuns
{
    public static readonly DiagnosisResult Denial = new() { Name = "l7-denial", Sentence = "Denied." };

    /// <summary>A phase in which every request is denied.</summary>
    public static PhaseReport Denied(string name, double start, double seconds = 1)
    {
        var run = Of([1, 1, 1], [0, 0, 0], failures: 40);
        return run.Phases[^1] with { Name = name, Start = start, Seconds = seconds, Diagnosis = Denial };
    }

    /// <summary>One phase in which each Pod answered as many requests.</summary>
    public static RunReport Even(int perPod = 4000)
    {
        var run = SampleRun.Create();
        return run with
        {
            Phases = [SampleRun.Phase("baseline", 0, skewed: false, perPod)],
            Status = new SkewMonitor(ExpectedShares.Equal([.. SampleRun.Pods.Select(p => p.Name)])).Status(),
        };
    }

    /// <summary>One phase with these answers of each Pod, and 503s that name none.</summary>
    public static RunReport Of(double[] weights, int[] answers, int failures = 0)
    {
        var shares = ExpectedShares.Weighted([.. SampleRun.Pods.Take(weights.Length).Select(p => p.Name)], weights);
        var (delivery, selection) = (new DeliveryTest(shares), new SkewTest(shares));
        for (var pod = 0; pod < answers.Length; pod++)
        {
            for (var n = 0; n < answers[pod]; n++)
            {
                delivery.Add(pod, success: true);
                selection.Add(pod);
            }
        }
        for (var n = 0; n < failures; n++)
            delivery.Add(null, success: false);
        var statuses = ImmutableSortedDictionary<int, long>.Empty.Add(200, answers.Sum());
        var pods = SampleRun
            .Pods.Take(weights.Length)
            .Select(
                (p, i) =>
                    new PodPhase
                    {
                        Pod = p,
                        OnClientNode = i == 2,
                        Ok = answers[i],
                        HubbleRequests = answers[i],
                        HubbleOk = answers[i],
                        HubbleServerErrors = 0,
                        Echo = answers[i],
                    }
            )
            .ToImmutableArray();
        var diagnosis = new DiagnosisResult
        {
            Name = "local-traffic-policy",
            Sentence = "kept on the node",
            Hop = "load balancing",
        };
        var phase = new PhaseReport
        {
            Name = "observe",
            Seconds = 6,
            Requests = answers.Sum() + failures,
            ByStatus = failures > 0 ? statuses.Add(503, failures) : statuses,
            Pods = pods,
            Selection = selection.Verdict(),
            SelectionSource = "client",
            Delivery = delivery.Evaluate(),
            Diagnosis = diagnosis,
        };
        return SampleRun.Create() with
        {
            Phases = [phase],
            Diagnosis = diagnosis,
            Status = new SkewMonitor(shares).Status(),
        };
    }
}
