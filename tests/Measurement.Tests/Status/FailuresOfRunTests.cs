using System.Collections.Immutable;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Status;

/// <summary>Failures before the latest phase, and in changes.</summary>
public sealed class FailuresOfRunTests
{
    [Fact]
    public void What_failed_in_an_earlier_phase_is_counted_and_explained()
    {
        var run = StatusRuns.Even(perPod: 80);
        run = run with
        {
            Phases = [StatusRuns.Denied("denied", 0), run.Phases[0] with { Name = "allowed", Start = 1 }],
            Diagnosis = StatusRuns.Denial,
        };

        var status = RunStatus.Of(run, LiveSample.None);

        status.Title.ShouldBe("No skew found, but 40 of 280 requests failed, 40 of 40 in phase denied");
        (status.Diagnosis?.Name, status.Why, status.IsFault, status.Hop).ShouldBe(("l7-denial", "Denied.", false, ""));
        var document = DocumentOf.Run(run);
        document.Diagnosis.Name.ShouldBe("l7-denial");
        Headline.Story(document).ShouldContain(s => s.Text == "phase denied: 40 of 40 requests failed");
    }

    [Fact]
    public void What_failed_from_the_start_is_not_dated_to_a_change_since()
    {
        var run = StatusRuns.Even();
        run = run with
        {
            Phases = [StatusRuns.Denied("baseline", 0, 0.68), StatusRuns.Denied("after a scaling", 0.68)],
            Details = run.Details with
            {
                Events = [new RecordedEvent("Deployment backend-1 was scaled", TimeSpan.FromSeconds(0.68))],
            },
        };

        RunStatus.Of(run, LiveSample.None).Title.ShouldBe("0 of 3 pods answer since 0.0 s (no recorded event)");

        var before = run.Phases[0] with
        {
            ByStatus = ImmutableSortedDictionary<int, long>.Empty.Add(200, 39).Add(403, 1),
        };
        RunStatus
            .Of(run with { Phases = [before, run.Phases[1]] }, LiveSample.None)
            .Title.ShouldBe("0 of 3 pods answer since 0.7 s (Deployment backend-1 was scaled)");
    }

    [Fact]
    public void A_run_that_ends_without_a_ready_pod_is_an_outage_although_its_last_evaluated_phase_was_even()
    {
        var without = Between(requests: 220, failures: 219) with
        {
            Start = 60,
            Diagnosis = ChangeDiagnosis.Of(
                new ChangeFacts
                {
                    Requests = 220,
                    Failures = 219,
                    NoPodSeconds = 4.3,
                    Service = "backend/backend-1",
                }
            ),
        };
        var run = StatusRuns.Even() with { Diagnosis = without.Diagnosis! };
        run = run with
        {
            Details = run.Details with { Events = [new RecordedEvent("no pod is ready", TimeSpan.FromSeconds(60))] },
            Phases = [.. run.Phases, without with { ByStatus = ImmutableSortedDictionary<int, long>.Empty }],
        };

        var status = RunStatus.Of(run, LiveSample.None);

        (status.Kind, status.Headline).ShouldBe((RunStatusKind.Failing, "0 of 3 pods answer"));
        status.Cause.ShouldNotBeNull().Name.ShouldBe(ChangeDiagnosis.NoEndpoints);
        (status.Since, status.After).ShouldBe(("60.0 s", "no pod is ready"));
    }

    [Fact]
    public void Failures_during_a_change_are_in_the_title_of_a_run_that_is_even_again()
    {
        var run = StatusRuns.Even();
        var facts = new ChangeFacts
        {
            Requests = 40,
            Failures = 7,
            Service = "backend/backend-1",
        };
        run = run with
        {
            Phases = [Between(requests: 40, failures: 7), .. run.Phases],
            Diagnosis = ChangeDiagnosis.Of(facts),
        };

        var status = RunStatus.Of(run, LiveSample.None);

        status.Kind.ShouldBe(RunStatusKind.Balanced);
        (status.Diagnosis?.Name, status.Cause).ShouldBe((ChangeDiagnosis.FailuresDuringChange, null));
        status.Title.ShouldBe("No skew, but 7 of 12040 requests failed while the cluster was changing");
    }

    private static PhaseReport Between(int requests, int failures) =>
        SampleRun.Phase("changing: a rollout", 0, skewed: false, 1) with
        {
            IsEvaluated = false,
            Requests = requests,
            ByStatus = ImmutableSortedDictionary.CreateRange([
                KeyValuePair.Create(200, (long)(requests - failures)),
                KeyValuePair.Create(503, (long)failures),
            ]),
        };
}
