using Aspire.Hosting.ApplicationModel;
using CiliumDebugging.AppHost.Resources;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Statistics;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CiliumDebugging.AppHost.Tests.Resources;

/// <summary>What the rows of the Resources table say. Nothing is started.</summary>
public sealed class RowTextTests
{
    private static readonly RunStatus s_status = new()
    {
        Kind = RunStatusKind.Failing,
        Headline = "1 of 3 pods answers",
        Answers = "backend-1-c on cluster-worker3",
        Silent = "backend-1-a, backend-1-b",
        Failures = "33.0 requests/s end in 503",
        Since = "3.0 s",
        After = "load-test-policy.yaml was applied",
        Hop = "egress proxy",
        Why = "HTTP rules on both sides",
        Verdict = SkewTest.Evaluate(ExpectedShares.Equal("a", "b", "c"), BackendCounts.Of(0, 0, 500)),
        VerdictText = "skewed beyond ±15 %",
        Diagnosis = new DiagnosisResult
        {
            Name = "two-sided-l7",
            Sentence = "HTTP rules on both sides",
            Hop = "egress proxy",
            Supports = ["163 × 503"],
            Remedies = ["remove one side's rules"],
        },
    };

    private static readonly PageState s_skewed = PageState.Empty.With(s_status) with
    {
        Activity = PageActivity.Running,
        Scenario = "two-sided-l7",
        Step = "observe",
        Requests = 500,
        RatePerSecond = 50,
        Client = new ClientPlace("load-test-1-x", "cluster-worker3"),
        PodRows =
        [
            Row("a", RowState.Silent, 0, 16.7, 0),
            Row("b", RowState.Short, 4, 0, 0.2),
            Row("c", RowState.Answers, 16.7, 0, 1),
        ],
    };

    [Theory]
    [InlineData("a", "Running, receives nothing", "error", "░░░░░░░░░░ 0 % 0.0/s, 16.7/s fail")]
    [InlineData("b", "Running, receives too little", "warning", "██░░░░░░░░ 20 % 4.0/s")]
    [InlineData("c", "Running", "success", "██████████ 100 % 16.7/s")]
    public void A_backend_shows_its_share_as_a_bar_and_its_state_in_plain_words(
        string name,
        string state,
        string style,
        string link
    )
    {
        var text = Text(Pod($"backend-1-{name}"), s_skewed);

        text.State.ShouldBe(new ResourceStateSnapshot(state, style));
        text.Link.ShouldBe(link);
        text.Properties.ShouldContain(("pod", $"backend-1-{name}"));
        // The dashboard turns other signs into spaces or drops them.
        state.ShouldAllBe(c => char.IsLetter(c) || c == ' ' || c == ',');
    }

    [Fact]
    public void A_silent_backend_that_gets_requests_answers_nothing_rather_than_receives_nothing()
    {
        PageState busy = s_skewed with
        {
            PodRows = [Row("a", RowState.Silent, 0, 16.7, 0) with { EchoPerSecond = 16.7 }],
        };

        Text(Pod("backend-1-a"), busy).State.Text.ShouldBe("Running, answers nothing");
    }

    [Fact]
    public void The_figures_stay_after_the_run()
    {
        Text(Pod("backend-1-c"), s_skewed with { Activity = PageActivity.Ended })
            .Link.ShouldBe("██████████ 100 % 16.7/s");
        DistributionText
            .Of(s_skewed with { Activity = PageActivity.Ended }, ClusterIdentity.Unknown, "")
            .State.Text.ShouldBe("Skewed");
    }

    [Fact]
    public void What_keeps_a_pod_from_running_is_its_state()
    {
        Text(Pod("x", waiting: "CrashLoopBackOff"), s_skewed)
            .State.ShouldBe(new ResourceStateSnapshot("CrashLoopBackOff", KnownResourceStateStyles.Error));
        Text(Pod("x", waiting: "ContainerCreating", phase: "Pending"), s_skewed)
            .State.ShouldBe(new ResourceStateSnapshot("Pending", KnownResourceStateStyles.Info));
        Text(Pod("x", ready: false), s_skewed)
            .State.ShouldBe(new ResourceStateSnapshot("Running, not ready", KnownResourceStateStyles.Warn));
        var going = Pod("x");
        going.Metadata.DeletionTimestamp = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        Text(going, s_skewed).State.Text.ShouldBe("Terminating");
    }

    [Fact]
    public void The_client_and_its_node_are_named_and_its_health_is_what_it_sees()
    {
        Text(Pod("backend-1-c"), s_skewed).Source.ShouldBe("cluster-worker3, the client's node");
        var client = Text(Pod("load-test-1-x"), s_skewed);

        client.Source.ShouldBe("cluster-worker3");
        client.Link.ShouldBe("sends 50 requests/s");
        client.Health.Status.ShouldBe(HealthStatus.Unhealthy);
        client.Health.Reason.ShouldContain("(two-sided-l7)");
    }

    [Theory]
    [InlineData(RunStatusKind.Failing, "Skewed", "error")]
    [InlineData(RunStatusKind.Skewed, "Skewed", "error")]
    [InlineData(RunStatusKind.Balanced, "Even", "success")]
    [InlineData(RunStatusKind.Recovered, "Even", "success")]
    [InlineData(RunStatusKind.Undecided, "Undecided", "info")]
    [InlineData(RunStatusKind.Waiting, "observe", "info")]
    public void The_state_of_the_distribution_is_the_runs_and_its_source_the_headline(
        RunStatusKind kind,
        string text,
        string style
    )
    {
        var shown = DistributionText.Of(
            s_skewed.With(s_status with { Kind = kind }),
            ClusterIdentity.Unknown,
            "somewhere"
        );

        shown.State.ShouldBe(new ResourceStateSnapshot(text, style));
        shown.Source.ShouldBe("1 of 3 pods answers");
        shown.Properties.ShouldContain(("measured on", "somewhere"));
    }

    [Fact]
    public void An_emulated_cluster_is_named_in_the_row_and_first_in_its_details()
    {
        var emulated = new ClusterIdentity(ClusterKind.Emulated, "1.9.0");

        var shown = DistributionText.Of(s_skewed, emulated, "somewhere");

        shown.Source.ShouldBe("1 of 3 pods answers (emulated Cilium 1.9.0)");
        shown
            .Properties[0]
            .ShouldBe(
                ("emulated", "Emulated: models Cilium 1.9.0 on the embedded cluster, not a measurement of Cilium")
            );
    }

    [Fact]
    public void Failures_without_a_verdict_are_not_called_skew()
    {
        var undecided = SkewTest.Evaluate(ExpectedShares.Equal("a", "b", "c"), BackendCounts.Of(3, 3, 3));

        DistributionText
            .Of(s_skewed.With(s_status with { Verdict = undecided }), ClusterIdentity.Unknown, "")
            .State.ShouldBe(new ResourceStateSnapshot("Requests fail", "error"));
    }

    [Fact]
    public void The_details_of_the_distribution_explain_its_verdict()
    {
        var properties = DistributionText
            .Of(s_skewed, ClusterIdentity.Unknown, "")
            .Properties.ToDictionary(p => p.Name, p => p.Value);

        properties["hop"].ShouldBe("egress proxy");
        properties["cause"].ShouldBe("two-sided-l7: HTTP rules on both sides");
        properties["since"].ShouldBe("3.0 s, after load-test-policy.yaml was applied");
        properties["failing"].ShouldBe("33.0 requests/s end in 503");
        properties["remedy"].ShouldBe("remove one side's rules");
        properties["evidence"].ShouldBe("163 × 503");
        properties["error bound"].ShouldBe("wrong in at most 1 of 10,000 runs");
    }

    [Theory]
    [InlineData(RunStatusKind.Failing, HealthStatus.Unhealthy)]
    [InlineData(RunStatusKind.Skewed, HealthStatus.Degraded)]
    [InlineData(RunStatusKind.Balanced, HealthStatus.Healthy)]
    [InlineData(RunStatusKind.Recovered, HealthStatus.Healthy)]
    [InlineData(RunStatusKind.Undecided, HealthStatus.Healthy)]
    [InlineData(RunStatusKind.Waiting, HealthStatus.Healthy)]
    public void The_load_tests_health_is_the_situation(RunStatusKind kind, HealthStatus status) =>
        DistributionHealth
            .Of(s_skewed with { Situation = s_skewed.Situation with { Kind = kind } })
            .Status.ShouldBe(status);

    [Theory]
    [InlineData(3, 3, "Running")]
    [InlineData(3, 5, "3 of 5 ready")]
    [InlineData(0, 0, "Scaled to zero")]
    public void A_workload_says_how_many_of_its_pods_are_ready(int ready, int wanted, string state)
    {
        var workload = new WorkloadResource("backend-1", "backend", "backend-1", WorkloadResource.Deployment);

        WorkloadText
            .Of(
                workload,
                isDeleted: false,
                wanted,
                [.. Enumerable.Range(0, ready).Select(i => Pod($"backend-1-{(char)('a' + i)}"))],
                s_skewed
            )
            .State.Text.ShouldBe(state);
    }

    [Fact]
    public void Details_show_the_properties_at_once_and_a_second_text_replaces_the_first()
    {
        var row = new CustomResourceSnapshot { ResourceType = "Pod", Properties = [] };
        var page = new Uri("http://127.0.0.1:1/#t");

        var shown = Text(Pod("backend-1-c"), s_skewed)
            .ApplyTo(Text(Pod("backend-1-a"), s_skewed).ApplyTo(row, page), page);

        shown.Properties.Where(p => p.Name == "share").ShouldHaveSingleItem().IsHighlighted.ShouldBeTrue();
        shown
            .Properties.Single(p => p.Name == CustomResourceKnownProperties.Source)
            .Value.ShouldBe("cluster-worker3, the client's node");
        shown.Urls.ShouldHaveSingleItem().DisplayProperties.DisplayName.ShouldBe("██████████ 100 % 16.7/s");
    }

    private static RowText Text(V1Pod pod, PageState state) =>
        PodText.Of(pod, state, state.PodRows.FirstOrDefault(r => r.Key == $"{pod.Namespace()}/{pod.Name()}"));

    private static V1Pod Pod(string name, bool ready = true, string? waiting = null, string phase = "Running") =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = name.StartsWith("load", StringComparison.Ordinal) ? "load-test" : "backend",
            },
            Spec = new V1PodSpec { NodeName = "cluster-worker3" },
            Status = new V1PodStatus
            {
                Phase = phase,
                Conditions = [new V1PodCondition { Type = "Ready", Status = ready ? "True" : "False" }],
                ContainerStatuses =
                [
                    new V1ContainerStatus
                    {
                        Name = "c",
                        State = new V1ContainerState
                        {
                            Waiting = waiting is null ? null : new V1ContainerStateWaiting { Reason = waiting },
                        },
                    },
                ],
            },
        };

    private static PageRow Row(string name, RowState state, double ok, double failed, double share) =>
        new()
        {
            Key = $"backend/backend-1-{name}",
            Name = $"backend-1-{name}",
            Node = "cluster-worker3",
            State = state,
            OkPerSecond = ok,
            FailedPerSecond = failed,
            HubblePerSecond = ok,
            Share = share,
            ShareLower = 0,
            ShareUpper = 1,
            Expected = 0.333,
            P50Ms = 2,
            P99Ms = 5,
        };
}
