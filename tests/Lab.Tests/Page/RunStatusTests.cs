using System.Collections.Immutable;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Page;

/// <summary>Pods that should get no load, on the page and in reports.</summary>
public class RunStatusTests
{
    [Fact]
    public void Pods_that_a_traffic_policy_leaves_out_are_not_missing_and_the_policy_is_named()
    {
        var report = Run([0, 0, 1], [0, 0, 300]);
        report.Phases[0].Delivery.Successes.Kind.ShouldBe(VerdictKind.Even);

        var situation = RunStatus.Of(report, LiveSample.None);
        (situation.Kind, situation.Headline).ShouldBe(
            (RunStatusKind.Balanced, "All pods that should get load answer (1 of 3)")
        );
        situation.Why.ShouldBe("kept on the node");
        Headline
            .Of(DocumentOf.Run(report))
            .ShouldBe("Delivery is even among the 1 of 3 pods that are to be chosen; no request failed.");
        VerdictText
            .Describe(report.Phases[0].Delivery.Successes)
            .ShouldContain($"only {SampleRun.Pods[2].Name} is to be chosen");
    }

    [Fact]
    public void Successes_of_a_pod_that_should_get_nothing_are_skew_and_a_stray_one_is_not()
    {
        RunStatus.Of(Run([0, 0.5, 0.5], [1, 150, 149]), LiveSample.None).Kind.ShouldBe(RunStatusKind.Balanced);
        var report = Run([0, 0.5, 0.5], [100, 150, 150]);
        report.Phases[0].Delivery.Successes.Kind.ShouldBe(VerdictKind.Skewed);
        RunStatus.Of(report, LiveSample.None).Kind.ShouldBe(RunStatusKind.Skewed);
    }

    [Fact]
    public void One_pod_is_written_in_the_singular() =>
        RunStatus.Of(Run([1], [300]), LiveSample.None).Headline.ShouldBe("The only pod answers");

    private static RunReport Run(double[] weights, int[] answers)
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
            Requests = answers.Sum(),
            ByStatus = ImmutableSortedDictionary<int, long>.Empty.Add(200, answers.Sum()),
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
