using System.Collections.Immutable;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Status;

public sealed class RunStatusOfRunTests
{
    [Fact]
    public void An_even_phase_is_balanced_and_dates_nothing()
    {
        var status = RunStatus.Of(StatusRuns.Even(), LiveSample.None);

        status.Kind.ShouldBe(RunStatusKind.Balanced);
        status.Headline.ShouldBe("All 3 pods answer");
        status.Title.ShouldBe("No skew: 3 of 3 pods answered, 12000 of 12000 requests succeeded");
        (status.Silent, status.Failures, status.Since, status.After, status.Hop).ShouldBe(("", "", "", "", ""));
    }

    [Fact]
    public void Without_a_verdict_a_run_is_undecided_and_has_no_cause()
    {
        var run = StatusRuns.Even(perPod: 80);
        var named = run.Diagnosis with { Name = "stale-conntrack" };
        run = run with { Diagnosis = named };

        var status = RunStatus.Of(run, LiveSample.None);

        status.Kind.ShouldBe(RunStatusKind.Undecided);
        status.Headline.ShouldBe("All 3 pods answer; no skew found yet");
        status.Title.ShouldBe("No skew found: 3 of 3 pods answered, 240 of 240 requests succeeded");
        (status.IsFault, status.Cause, status.Diagnosis, status.Hop).ShouldBe((false, null, null, ""));
        status.VerdictText.ShouldContain("no skew found yet");
    }

    [Fact]
    public void A_skewed_phase_names_which_pods_answer_which_do_not_since_when_after_what_where_and_why()
    {
        var run = SampleRun.Create();

        var status = RunStatus.Of(run, LiveSample.None);

        status.Kind.ShouldBe(RunStatusKind.Failing);
        status.Headline.ShouldBe("1 of 3 pods answers");
        status.Title.ShouldMatch(
            @"^1 of 3 pods answers since \d+\.\d s \(load-test-policy\.yaml was applied( \d\.\d s before)?\)$"
        );
        status.Answers.ShouldBe("backend-1-7d9f-ccccc on cluster-worker3 (the client's node): 17.0 successes/s");
        status.Silent.ShouldBe(
            "backend-1-7d9f-aaaaa on cluster-worker, backend-1-7d9f-bbbbb on cluster-worker2: 0.0 successes/s"
        );
        status.Failures.ShouldBe("34.0 requests/s end in 503");
        status.Since.ShouldEndWith(" s");
        status.After.ShouldContain("load-test-policy.yaml was applied");
        status.Hop.ShouldBe("egress proxy");
        status.Why.ShouldBe("HTTP rules on both sides.");
        status.Cause.ShouldNotBeNull().Name.ShouldBe("two-sided-l7");
    }

    [Fact]
    public void A_run_with_which_the_machine_did_not_keep_up_is_undecided_whatever_its_counts_show()
    {
        var run = SampleRun.Create();
        const string Gate = "this machine cannot keep up (phase observe lasted 46.0 s instead of 2 s)";
        run = run with { Phases = [run.Phases[0], run.Phases[1] with { MachineGate = Gate }] };

        var status = RunStatus.Of(run, LiveSample.None);

        (status.Kind, status.IsFault, status.Cause).ShouldBe((RunStatusKind.Undecided, false, null));
        (status.Headline, status.Title).ShouldBe(($"Undecided: {Gate}", $"Undecided: {Gate}"));
        status.VerdictText.ShouldBe($"undecided: {Gate}");
        (status.Diagnosis, status.Since, status.Hop).ShouldBe((null, "", ""));
        status.Why.ShouldStartWith($"Nothing is concluded about the cluster, because {Gate}");
        run.Holds.ShouldBeFalse();
        var document = DocumentOf.Run(run);
        (document.MachineGate, document.Diagnosis.Name).ShouldBe((Gate, "undecided"));
        document.Result!.Title.ShouldBe($"Undecided: {Gate}");
        JUnitReport.Write(document).ShouldContain($"<failure message=\"{Gate}\">");
    }

    [Fact]
    public void A_manual_run_says_what_its_latest_phase_shows_although_the_machine_did_not_keep_up_with_an_earlier_one()
    {
        var run = SampleRun.Create();
        run = run with
        {
            IsManual = true,
            Expectations = [],
            Phases = [run.Phases[0] with { MachineGate = "this machine cannot keep up (…)" }, run.Phases[1]],
        };

        var status = RunStatus.Of(run, LiveSample.None);

        (status.IsFault, status.Headline).ShouldBe((true, "1 of 3 pods answers"));
        (run with { IsManual = false }).MachineGate.ShouldNotBeNull();
    }

    [Fact]
    public void A_deficit_before_the_verdict_is_undecided_and_not_red()
    {
        var run = StatusRuns.Even();
        var live = new LiveSample(
            "",
            TimeSpan.FromSeconds(32),
            1600,
            [.. SampleRun.Pods.Select((p, i) => new LivePod(p, i == 2 ? 17 : 4, 0))]
        );

        var status = RunStatus.Of(run, live);

        status.Kind.ShouldBe(RunStatusKind.Undecided);
        status.Headline.ShouldBe("Undecided: 2 of 3 pods have less than their share so far");
        status.Pods.Select(p => p.State).ShouldBe([RowState.Undecided, RowState.Undecided, RowState.Answers]);
        status.IsFault.ShouldBeFalse();
        status.VerdictText.ShouldStartWith("undecided");
    }

    [Fact]
    public void After_a_skew_that_was_called_an_even_phase_is_a_recovery()
    {
        var run = SampleRun.Create();
        var after = SampleRun.Phase("after", 60, skewed: false, perPod: 4000);
        var recovered = run.Status with { State = VerdictKind.Even };

        RunReport With(PhaseReport phase) => run with { Phases = [.. run.Phases, phase], Status = recovered };

        var status = RunStatus.Of(With(after), LiveSample.None);
        status.Kind.ShouldBe(RunStatusKind.Recovered);
        status.Headline.ShouldBe("Recovered: all 3 pods answer");

        status = RunStatus.Of(With(SampleRun.Phase("after", 60, skewed: false)), LiveSample.None);
        status.Kind.ShouldBe(RunStatusKind.Undecided);
        status.Headline.ShouldBe("All 3 pods answer again; undecided whether evenly");
    }

    [Fact]
    public void Failures_alone_are_no_skew_to_recover_from()
    {
        var run = StatusRuns.Even();
        var before = run.Phases[0] with
        {
            ByStatus = ImmutableSortedDictionary<int, long>.Empty.Add(200, 11_990).Add(503, 10),
        };

        var status = RunStatus.Of(run with { Phases = [before, run.Phases[0]] }, LiveSample.None);

        status.Kind.ShouldBe(RunStatusKind.Balanced);
        status.Title.ShouldBe("No skew, but 10 of 24000 requests failed, 10 of 12000 in phase baseline");
    }

    [Fact]
    public void A_pod_that_was_never_chosen_is_not_called_silent()
    {
        var denied = StatusRuns.Denied("observe", 0);
        var run = StatusRuns.Even() with
        {
            Phases = [denied with { Pods = denied.Pods.SetItem(1, denied.Pods[1] with { HubbleRequests = 40 }) }],
        };

        var status = RunStatus.Of(run, LiveSample.None);

        (status.Headline, status.Answers).ShouldBe(("No request succeeds; 1 of 3 pods was chosen", "No pod answers."));
        status.Pods.Select(p => p.State).ShouldBe([RowState.Undecided, RowState.Silent, RowState.Undecided]);
    }

    [Fact]
    public void Uneven_delivery_without_failures_names_the_share_and_no_pod_is_called_missing()
    {
        int[] answers = [840, 320, 840];
        var run = StatusRuns.Of([1, 1, 1], answers);

        var status = RunStatus.Of(run, LiveSample.None);

        status.Kind.ShouldBe(RunStatusKind.Skewed);
        status.Headline.ShouldBe("All 3 pods answer, unevenly: bbbbb gets 16 % instead of 33 %");
        (status.Silent, status.Failures).ShouldBe(("", ""));
        status.Pods.ShouldAllBe(p => p.State != RowState.Silent);
    }

    [Fact]
    public void While_requests_fail_and_nothing_is_decided_the_headline_says_only_that()
    {
        var run = StatusRuns.Of([1, 1, 1], [5, 4, 5], failures: 2);

        var status = RunStatus.Of(run, LiveSample.None);

        status.Kind.ShouldBe(RunStatusKind.Failing);
        status.Headline.ShouldBe("All 3 pods answer, and requests fail");
        status.Cause.ShouldBeNull();
    }

    [Fact]
    public void When_nothing_succeeds_no_pod_answers()
    {
        var status = RunStatus.Of(StatusRuns.Of([1, 1, 1], [0, 0, 0], failures: 40), LiveSample.None);

        (status.Kind, status.Headline, status.Answers).ShouldBe(
            (RunStatusKind.Failing, "0 of 3 pods answer", "No pod answers.")
        );
        status.Pods.ShouldAllBe(p => p.State == RowState.Silent);
    }

    [Fact]
    public void No_load_is_said_only_when_nothing_was_sent()
    {
        var live = LiveSample.None with { Requests = 244, Elapsed = TimeSpan.FromSeconds(5) };
        RunStatus.Of(live).Headline.ShouldBe("Load is running");
        RunStatus.Of(live).Answers.ShouldContain("244 requests");

        var run = StatusRuns.Even();
        var empty = run.Phases[0] with { Name = "observe", Requests = 0 };
        RunStatus
            .Of(run with { Phases = [run.Phases[0], empty] }, LiveSample.None)
            .Headline.ShouldBe("Phase observe has begun");
    }

    [Theory]
    [InlineData(17, 500, 17, 510, 2.5, RowState.Answers)]
    [InlineData(8, 500, 17, 510, 2.5, RowState.Short)]
    [InlineData(0.1, 500, 17, 510, 2.5, RowState.Silent)]
    [InlineData(1, 2, 0.5, 1, 2.5, RowState.Answers)] // too few are due to compare
    [InlineData(0, 0, 0.5, 1, 2.5, RowState.Undecided)] // and none was seen
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
