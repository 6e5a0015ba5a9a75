using System.Collections.Immutable;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using CiliumDebugging.ClusterSetup.Topology;
using CiliumDebugging.LoadTest.Page;
using CiliumDebugging.LoadTest.Report.Document;
using CiliumDebugging.LoadTest.Views;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CiliumDebugging.AppHost.Tests.Aspire;

/// <summary>What the resources say of a run, and which commands they have. Nothing is started.</summary>
public sealed class BoardTests
{
    private static readonly LabState s_skewed = LabState.Empty with
    {
        Activity = "running", Scenario = "two-sided-l7", Step = "observe", Requests = 500, RatePerSecond = 50,
        Situation = new Situation("failing", "1 of 3 pods answers", "backend-1-c on cluster-worker3", "backend-1-a, backend-1-b", "3.0 s", "applied load-test-policy.yaml", "egress proxy on cluster-worker3", "HTTP rules on both sides"),
        Rows = [Row("a", "cluster-worker", "silent", 0, 16.7, 0), Row("c", "cluster-worker3", "answers", 16.7, 0, 1)],
        Verdict = new PageVerdict("skewed", "skewed beyond ±15 %", 9, -3, 6.9, 500, null, 3, 1),
        Diagnosis = new DiagnosisInfo("two-sided-l7", "HTTP rules on both sides", "egress proxy", [], [], [], []),
    };

    [Fact]
    public void A_backend_says_its_rate_and_share_and_warns_where_it_does_not_answer()
    {
        var (answers, silent) = (BackendTexts.OfBackend(s_skewed, "backend/backend-1-c", "cluster-worker3")!, BackendTexts.OfBackend(s_skewed, "backend/backend-1-a", "cluster-worker")!);

        answers.State.ShouldBe(new ResourceStateSnapshot("Running · 16.7/s · 100 %", KnownResourceStateStyles.Success));
        silent.State.ShouldBe(new ResourceStateSnapshot("Running · 0.0/s · 0 % · 16.7 × 5xx/s", KnownResourceStateStyles.Error));
        silent.Properties.ShouldContain(("5xx/s", "16.7"));
        BackendTexts.Runs(silent.State).ShouldBeTrue();
        BackendTexts.OfBackend(s_skewed with { Activity = "ended" }, "backend/backend-1-c", "cluster-worker3").ShouldBeNull();
    }

    [Theory]
    [InlineData("skewed", "Skewed: two-sided-l7", "error")]
    [InlineData("even", "Even", "success")]
    [InlineData("undecided", "Undecided, requests fail: two-sided-l7", "warning")]
    public void The_state_of_the_distribution_is_the_verdict(string kind, string text, string style)
    {
        var shown = BackendTexts.OfDistribution(s_skewed with { Verdict = s_skewed.Verdict! with { Kind = kind } });

        shown.State.ShouldBe(new ResourceStateSnapshot(text, style));
        shown.Properties.ShouldContain(("at hop", "egress proxy on cluster-worker3"));
    }

    [Theory]
    [InlineData("failing", HealthStatus.Unhealthy)]
    [InlineData("skewed", HealthStatus.Degraded)]
    [InlineData("balanced", HealthStatus.Healthy)]
    [InlineData("recovered", HealthStatus.Healthy)]
    [InlineData("waiting", HealthStatus.Healthy)]
    public void The_load_tests_health_is_the_situation_and_names_it(string kind, HealthStatus status)
    {
        var health = DistributionHealth.Of(s_skewed with { Situation = s_skewed.Situation with { Kind = kind } });

        health.Status.ShouldBe(status);
        health.Description.ShouldNotBeNull().ShouldContain("1 of 3 pods answers");
        if (status is not HealthStatus.Healthy) health.Description.ShouldContain("(two-sided-l7)");
    }

    [Fact]
    public void Every_command_of_the_lab_is_a_command_of_a_resource_and_says_so_when_there_is_no_run()
    {
        var builder = LabBuilder.Create(LabCommandLine.Parse([], embeddedBecause: null));
        var cluster = builder.AddCluster("cluster", new LabOptions());
        var backends = builder.AddWorkload<BackendProject>("backend-1", LabTopology.Default, cluster);

        builder.AddDistribution("distribution", new LabOptions(), new Watched(cluster, backends, []));

        var distribution = builder.Resources.OfType<DistributionResource>().Single();
        var commands = distribution.Annotations.OfType<ResourceCommandAnnotation>().Select(c => c.Name).ToList();
        foreach (var name in new[] { "apply-load-test-policy", "remove-load-test-policy", "apply-backend-policy", "run-two-sided-l7", "run-stale-conntrack", "load-by-hand", "end-run", "write-report" })
            commands.ShouldContain(name);
        commands.ShouldBeUnique();
        foreach (var backend in backends)
        {
            var replace = backend.Resource.Annotations.OfType<ResourceCommandAnnotation>().Single(c => c.Name == "replace-pod");
            replace.UpdateState(Context(Running())).ShouldBe(ResourceCommandState.Disabled);
        }
        distribution.Annotations.OfType<ResourceRelationshipAnnotation>().Count(r => r.Type == "Watches").ShouldBe(3);
    }

    [Fact]
    public void Pods_of_one_node_are_told_apart_by_their_order()
    {
        var workload = LabTopology.Default.Workloads.Single(w => w.Name == "backend-1");
        PodSlot[] slots = [new("backend-1-n", workload, "n"), new("backend-1-n-2", workload, "n"), new("backend-1-m", workload, "m")];
        var resources = slots.Select(s => { var r = new ProjectResource(s.ResourceName); r.Annotations.Add(new PodAnnotation(s)); return (IResource)r; }).ToList();
        BackendPod[] pods = [new("y", "backend", "n"), new("x", "backend", "n")];

        slots.Select(s => BackendSlots.PodOf(s, resources, pods)?.Name).ShouldBe(["x", "y", null]);
    }

    /// <summary>Not by its initializer: what it requires beside the snapshot differs from one Aspire version to the next.</summary>
    private static UpdateCommandStateContext Context(CustomResourceSnapshot snapshot)
    {
        var context = Activator.CreateInstance<UpdateCommandStateContext>();
        typeof(UpdateCommandStateContext).GetProperty(nameof(context.ResourceSnapshot))!.SetValue(context, snapshot);
        return context;
    }

    private static CustomResourceSnapshot Running() => new() { ResourceType = "Project", Properties = ImmutableArray<ResourcePropertySnapshot>.Empty, State = KnownResourceStates.Running };

    private static PageRow Row(string name, string node, string state, double ok, double failed, double share) =>
        new($"backend/backend-1-{name}", $"backend-1-{name}", node, false, 1, state, ok, failed, ok, ok, share, 0, 1, 0.333, 2, 5);
}
