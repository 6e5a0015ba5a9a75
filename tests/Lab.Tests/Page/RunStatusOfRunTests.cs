using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Page;

public sealed class RunStatusOfRunTests
{
    [Fact]
    public void An_even_phase_is_balanced_and_dates_nothing()
    {
        var situation = RunStatus.Of(ManyPods.Report(ManyPods.Pods(3, 3), _ => true), LiveSample.None);

        situation.Kind.ShouldBe(RunStatusKind.Balanced);
        situation.Headline.ShouldBe("All 3 pods answer");
        (situation.Silent, situation.Since, situation.After, situation.Hop).ShouldBe(("", "", "", ""));
    }

    [Fact]
    public void A_skewed_phase_names_who_answers_who_does_not_since_when_after_what_where_and_why()
    {
        var run = SampleRun.Create();
        run = run with { Phases = [run.Phases[0], run.Phases[1] with { Diagnosis = run.Diagnosis }] };

        var situation = RunStatus.Of(run, LiveSample.None);

        situation.Kind.ShouldBe(RunStatusKind.Failing);
        situation.Headline.ShouldBe("1 of 3 pods answers");
        situation.Answers.ShouldBe("backend-1-7d9f-ccccc on cluster-worker3 (the client's node): 17.0 successes/s");
        situation.Silent.ShouldBe(
            "backend-1-7d9f-aaaaa on cluster-worker, backend-1-7d9f-bbbbb on cluster-worker2: "
                + "0.0 successes/s; 34.0 requests/s end in 503"
        );
        situation.Since.ShouldEndWith(" s");
        situation.After.ShouldContain("load-test-policy.yaml was applied");
        situation.Hop.ShouldBe("egress proxy");
        situation.Why.ShouldBe("HTTP rules on both sides.");
    }

    [Fact]
    public void The_deficit_shows_before_the_first_failure_has_its_outcome()
    {
        var run = SampleRun.Create();
        var live = new LiveSample(
            "",
            TimeSpan.FromSeconds(32),
            1600,
            [.. SampleRun.Pods.Select((p, i) => new LivePod(p, i == 2 ? 17 : 4, 0))]
        );

        var situation = RunStatus.Of(run with { Phases = run.Phases[..1] }, live);

        situation.Kind.ShouldBe(RunStatusKind.Skewed);
        situation.Headline.ShouldBe("1 of 3 pods answers");
        situation.Silent.ShouldEndWith("8.0 successes/s; no request fails");
    }

    [Fact]
    public void After_a_disturbed_phase_an_even_one_is_a_recovery()
    {
        var run = SampleRun.Create();

        var situation = RunStatus.Of(
            run with
            {
                Phases = [.. run.Phases, run.Phases[0] with { Name = "after", Start = 60 }],
            },
            LiveSample.None
        );

        situation.Kind.ShouldBe(RunStatusKind.Recovered);
        situation.Headline.ShouldBe("Recovered: all 3 pods answer");
    }

    [Theory]
    [InlineData(17, 500, 17, 510, 2.5, RowState.Answers)]
    [InlineData(8, 500, 17, 510, 2.5, RowState.Short)]
    [InlineData(0.1, 500, 17, 510, 2.5, RowState.Silent)]
    [InlineData(0, 0, 0.5, 1, 2.5, RowState.Answers)] // too few are due for a statement
    [InlineData(0, 0, 0.5, 20, 2.5, RowState.Silent)] // the window is too short, the phase is not
    [InlineData(0, 500, 17, 510, 1.3, RowState.Silent)] // 22 were due since the change
    [InlineData(4, 500, 17, 510, 0.5, RowState.Answers)] // 8 were due: this may be chance
    [InlineData(0, 500, 17, 510, 0.5, RowState.Silent)] // 0 of 8 is more than chance
    [InlineData(4, 500, 34, 510, 0.5, RowState.Short)] // and so is 2 of 17
    [InlineData(17, 0, 17, 510, 1.3, RowState.Answers)] // 22 were due and seen
    public void A_pod_is_evaluated_by_its_window_or_by_the_phase_where_the_window_is_too_short(
        double rate,
        double ok,
        double fairRate,
        double fair,
        double window,
        RowState state
    ) => FairShare.StateOf(rate, ok, fairRate, fair, window).ShouldBe(state);
}
