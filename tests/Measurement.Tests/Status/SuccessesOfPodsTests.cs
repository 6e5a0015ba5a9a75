using System.Collections.Immutable;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Status;

/// <summary>Which Pods answer is a matter of successes, and when requests failed one of counts.</summary>
public sealed class SuccessesOfPodsTests
{
    [Theory]
    [InlineData(3, 60)]
    [InlineData(3, 95)]
    [InlineData(1, 60)]
    public void Requests_that_fail_evenly_leave_no_pod_short_of_its_share(int pods, int percent)
    {
        const int Each = 2000;
        var answers = Enumerable.Repeat(Each, pods).ToArray();
        var run = StatusRuns.Of([.. answers.Select(_ => 1.0)], answers, pods * Each * percent / (100 - percent));

        var status = RunStatus.Of(run, LiveSample.None);

        status.Headline.ShouldBe(
            pods == 1 ? "The only pod answers, and requests fail" : "All 3 pods answer, and requests fail"
        );
        status.Pods.ShouldAllBe(p => p.State == RowState.Answers);
        status.Verdict!.Kind.ShouldBe(VerdictKind.Even);
    }

    [Fact]
    public void Where_too_few_requests_failed_to_tell_no_pod_is_said_to_answer()
    {
        var run = StatusRuns.Of([1, 1, 1], [0, 0, 0], failures: 4);

        var status = RunStatus.Of(run, LiveSample.None);

        (status.Kind, status.Headline, status.Answers).ShouldBe(
            (RunStatusKind.Failing, "Requests fail; no pod has answered so far", "No pod answers.")
        );
        status.Pods.ShouldAllBe(p => p.State == RowState.Undecided);
    }

    [Fact]
    public void A_pod_without_a_success_does_not_answer_although_few_are_due_to_it()
    {
        var status = RunStatus.Of(StatusRuns.Of([1, 1, 1], [0, 2, 0]), LiveSample.None);

        status.Headline.ShouldBe("Undecided: 1 of 3 pods has answered so far");
        status.Title.ShouldBe("No skew found: 1 of 3 pods answered, 2 of 2 requests succeeded");
        status.Pods.Select(p => p.State).ShouldBe([RowState.Undecided, RowState.Answers, RowState.Undecided]);
    }

    [Fact]
    public void A_run_that_has_ended_collects_no_evidence_and_has_one_name_for_what_it_does_not_know()
    {
        var run = StatusRuns.Of([1, 1, 1], [5, 4, 5], failures: 2);
        run = run with { Diagnosis = DiagnosisResult.Unknown("nothing fits") };

        var status = RunStatus.Of(run, LiveSample.None);

        const string Sentence = "16 requests are too few to name a mechanism (at least 50).";
        (status.Why, status.Diagnosis?.Name, status.Diagnosis?.Sentence).ShouldBe((Sentence, "unknown", Sentence));
        var document = DocumentOf.Run(run);
        (document.Diagnosis.Name, document.Diagnosis.Sentence).ShouldBe(("unknown", Sentence));
        var live = new LiveSample(
            "observe",
            TimeSpan.FromSeconds(1),
            16,
            [.. SampleRun.Pods.Select(p => new LivePod(p, 5, 0)), new LivePod(null, 0, 2)]
        );
        RunStatus.Of(run, live).Why.ShouldBe("Collecting evidence; no mechanism is named yet.");
    }

    [Fact]
    public void With_one_pod_nothing_is_called_even()
    {
        var run = StatusRuns.Of([1], [4000]);
        var evidence = new Evidence
        {
            Phase = run.Phases[0],
            ClientNode = "cluster-worker",
            ClientHasEgressL7 = false,
            BackendsHaveIngressL7 = false,
        };
        var even = new EvenRule().Examine(evidence).ShouldNotBeNull();

        even.Sentence.ShouldBe("Every request succeeds. They go to the only pod, so nothing can be even or skewed.");
        var status = RunStatus.Of(run with { Diagnosis = even }, LiveSample.None);
        status.Headline.ShouldBe("The only pod answers");
        status.Title.ShouldBe(
            "No skew: the only pod answered, so nothing can be uneven, 4000 of 4000 requests succeeded"
        );
        status.VerdictText.ShouldStartWith(
            "even within ±15 %: there is only one backend, so nothing can be skewed",
            Case.Sensitive
        );
    }

    [Theory]
    [InlineData(1, 100, "All 3 pods answer, and requests fail since 0.0 s (no recorded event)")]
    [InlineData(41, 100, "All 3 pods answer, and requests fail since 200.0 s (a rollout)")]
    [InlineData(1, 40, "All 3 pods answer, and requests failed from 0.0 s until 200.0 s (no recorded event)")]
    [InlineData(41, 60, "All 3 pods answer, and requests failed from 200.0 s until 300.0 s (a rollout)")]
    public void Failures_that_Hubble_counts_are_dated_from_their_first_interval_to_their_last(
        int first,
        int last,
        string title
    )
    {
        var failures = 3 * (last - first + 1);
        var run = StatusRuns.Of([1, 1, 1], [2000, 2000, 2000], failures);
        var name = SampleRun.Pods[0].HubbleName;
        var series = Enumerable
            .Range(0, 101)
            .Select(n => new SeriesSample(
                5 * n,
                ImmutableSortedDictionary<string, PodCounts>.Empty.Add(
                    name,
                    new PodCounts(
                        0,
                        60 * n,
                        ImmutableSortedDictionary<int, double>
                            .Empty.Add(200, 60 * n)
                            .Add(503, 3 * Math.Clamp(n - first + 1, 0, last - first + 1))
                    )
                )
            ));
        run = run with
        {
            Phases = [run.Phases[0] with { SelectionSource = "Hubble", Seconds = 500 }],
            Details = run.Details with
            {
                Series = [.. series],
                Events = first > 1 ? [new RecordedEvent("a rollout", TimeSpan.FromSeconds(190))] : [],
            },
        };

        RunStatus.Of(run, LiveSample.None).Title.ShouldBe(title);
    }

    [Fact]
    public void A_skew_that_has_ended_is_dated_with_its_end()
    {
        var run = StatusRuns.Of([1, 1, 1], [700, 2000, 2000]);
        var monitor = new SkewMonitor(ExpectedShares.Equal([.. SampleRun.Pods.Select(p => p.Name)]));
        var at = 0.0;
        for (var n = 0; n < 1000; n++)
            monitor.Add(1 + n % 2, TimeSpan.FromSeconds(at += 0.05));
        for (var n = 0; n < 20_000; n++)
            monitor.Add(n % 3, TimeSpan.FromSeconds(at += 0.05));
        var status = monitor.Status();
        status.Episodes[^1].End.ShouldBe(EpisodeEnd.Recovered);

        var title = RunStatus.Of(run with { Status = status }, LiveSample.None).Title;

        title.ShouldMatch(@"^All 3 pods answer, unevenly: .* from \d+\.\d s until \d+\.\d s \(.*\)$");
    }
}
