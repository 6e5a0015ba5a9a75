using System.Collections.Immutable;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Status;

/// <summary>Pods that should get no load, on the page and in reports.</summary>
public class RunStatusTests
{
    [Fact]
    public void Pods_that_a_traffic_policy_leaves_out_are_not_missing_and_the_policy_is_named()
    {
        var report = StatusRuns.Of([0, 0, 1], [0, 0, 300]);
        report.Phases[0].Delivery.Successes.Kind.ShouldBe(VerdictKind.Even);

        var situation = RunStatus.Of(report, LiveSample.None);
        (situation.Kind, situation.Headline).ShouldBe(
            (RunStatusKind.Balanced, "All pods that should get load answer (1 of 3)")
        );
        situation.Why.ShouldBe("kept on the node");
        Headline
            .Of(DocumentOf.Run(report))
            .ShouldStartWith(
                "Phase observe: no request failed. "
                    + $"Delivery: even within ±15 %: only {SampleRun.Pods[2].Name} is to be chosen"
            );
        VerdictText
            .Describe(report.Phases[0].Delivery.Successes)
            .ShouldContain($"only {SampleRun.Pods[2].Name} is to be chosen");
    }

    [Fact]
    public void Successes_of_a_pod_that_should_get_nothing_are_skew_and_a_stray_one_is_not()
    {
        var stray = StatusRuns.Of([0, 0.5, 0.5], [1, 1500, 1500]);
        RunStatus.Of(stray, LiveSample.None).Kind.ShouldBe(RunStatusKind.Balanced);
        var report = StatusRuns.Of([0, 0.5, 0.5], [100, 150, 150]);
        report.Phases[0].Delivery.Successes.Kind.ShouldBe(VerdictKind.Skewed);
        RunStatus.Of(report, LiveSample.None).Kind.ShouldBe(RunStatusKind.Skewed);
    }

    [Fact]
    public void One_pod_is_written_in_the_singular() =>
        RunStatus.Of(StatusRuns.Of([1], [300]), LiveSample.None).Headline.ShouldBe("The only pod answers");
}
