using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using CiliumDebugging.AppHost.CommandLine;
using CiliumDebugging.AppHost.Resources;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CiliumDebugging.AppHost.Tests;

/// <summary>The whole application on Aspire's orchestrator: cluster, mirrored Pods, load, commands.</summary>
public sealed class RunTests : IAsyncLifetime
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);
    private DistributedApplication _application = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<AppHostOptions>(
            ["--manual", "--rate", "100"],
            Cancel
        );
        _application = await builder.BuildAsync(Cancel);
        await _application.StartAsync(Cancel);
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    [Fact]
    public async Task The_lab_is_seen_and_controlled_through_its_resources()
    {
        // The cluster and what it made: a row for each workload, and below it one for each Pod.
        await Until("cluster", s => s.HealthStatus is HealthStatus.Healthy);
        foreach (var workload in (string[])["backend-1", "load-test-1"])
            await Until(workload, s => s.State?.Text == KnownResourceStates.Running);
        var pods = await PodsAsync(count: 3);
        foreach (var pod in pods)
        {
            var row = await Until(pod, s =>
                s.State?.Text == KnownResourceStates.Running
                && s.HealthStatus is HealthStatus.Healthy
                && LinkOf(s) is { } link
                && link.EndsWith("/s", StringComparison.Ordinal)
            );
            row.Snapshot.StartTimeStamp.ShouldNotBeNull();
            row.Snapshot.Relationships.ShouldContain(r => r.Type == "Parent" && r.ResourceName == "backend-1");
            row.Snapshot.Commands.ShouldContain(c => c.Name == "delete-pod" && c.State == ResourceCommandState.Enabled);
        }
        await Until("distribution", s => s.Urls.Any(u => u.Name == "page") && s.Urls.Any(u => u.Name == "metrics"));

        // The policy: the verdict, the load test's health with the mechanism's name, the Pods that receive nothing.
        await Run("distribution", "apply-load-test-policy");
        await Until("distribution", s =>
            s.State?.Text == "Skewed"
            && Property(s, CustomResourceKnownProperties.Source) == "1 of 3 pods answers (emulated Cilium 1.9.0)"
        );
        var client = (await PodsAsync(count: 1, "load-test-1")).Single();
        await Until(client, s =>
            s.HealthStatus is HealthStatus.Unhealthy
            && s.HealthReports.Any(r => r.Description?.Contains("two-sided-l7", StringComparison.Ordinal) == true)
        );
        foreach (var pod in pods)
            await Until(pod, s =>
                s.State is { Text: "Running, receives nothing", Style: "error" }
                || LinkOf(s)?.StartsWith("██████████ 100 %", StringComparison.Ordinal) == true
            );

        // And back, with a report.
        await Run("distribution", "remove-load-test-policy");
        await Until(client, s => s.HealthStatus is HealthStatus.Healthy);
        await Run("distribution", "write-report");
        await Until("distribution", s => s.Urls.Any(u => u.Name == "report"));

        // Pods come and go: by a command of their row, by one of their Deployment, and by anybody's kubectl.
        await Run(pods[0], "delete-pod");
        await Until(pods[0], s => s.IsHidden);
        await PodsAsync(count: 3);
        await Run("backend-1", "scale", ("replicas", "4"));
        await PodsAsync(count: 4);
        using var api = new k8s.Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(Kubeconfig()));
        await api.AppsV1.PatchNamespacedDeploymentScaleAsync(
            new V1Patch("""{"spec":{"replicas":2}}""", V1Patch.PatchType.MergePatch),
            "backend-1",
            "backend",
            cancellationToken: Cancel
        );
        await PodsAsync(count: 2);
        var before = await PodsAsync(count: 2);
        await Run("backend-1", "rollout-restart");
        foreach (var pod in before)
            await Until(pod, s => s.IsHidden);
        await Until("backend-1", s => s.State?.Text == KnownResourceStates.Running);

        // Their logs are console logs.
        var logs = _application.Services.GetRequiredService<ResourceLoggerService>();
        var backend = (await PodsAsync(count: 2))[0];
        await foreach (var lines in logs.WatchAsync(backend).WithCancellation(Cancel))
            if (lines.Any(l => l.Content.Contains("Now listening on", StringComparison.Ordinal)))
                break;
        await Run("distribution", "end-run");
        await Until("distribution", s => Property(s, "step") == "the run is over");
    }

    [Fact]
    public async Task A_command_that_cannot_be_carried_out_says_why()
    {
        await Until("distribution", s => s.Urls.Any(u => u.Name == "page"));

        (await ExecuteAsync("backend-1", "scale", ("replicas", "many"))).Success.ShouldBeFalse();
        (await ExecuteAsync("backend-1", "scale", ("replicas", "501"))).Message.ShouldBe(
            "replicas '501': must be a whole number from 0 to 500, for example 3"
        );
        (await ExecuteAsync("distribution", "run-scenario", ("scenario", "no-such"))).Success.ShouldBeFalse();
    }

    private string Kubeconfig() =>
        _application
            .Services.GetRequiredService<DistributedApplicationModel>()
            .Resources.OfType<EmbeddedClusterResource>()
            .Single()
            .Kubeconfig;

    /// <summary>The rows of a workload's Pods, once there are this many that are not hidden.</summary>
    private async Task<IReadOnlyList<string>> PodsAsync(int count, string workload = "backend-1")
    {
        using var deadline = new CancellationTokenSource(s_limit);
        while (true)
        {
            var rows = _application
                .Services.GetRequiredService<DistributedApplicationModel>()
                .Resources.OfType<PodResource>()
                .Where(p => p.Name.StartsWith($"{workload}-", StringComparison.Ordinal))
                .Where(p =>
                    _application.ResourceNotifications.TryGetCurrentState(p.Name, out var now)
                    && now.Snapshot is { IsHidden: false, State.Text: not "Terminating" }
                )
                .Select(p => p.Name)
                .ToList();
            if (rows.Count == count)
                return rows;
            await Task.Delay(50, deadline.Token);
        }
    }

    private Task<ResourceEvent> Until(string resource, Func<CustomResourceSnapshot, bool> condition) =>
        _application
            .ResourceNotifications.WaitForResourceAsync(resource, e => condition(e.Snapshot), Cancel)
            .WaitAsync(s_limit, Cancel);

    private async Task Run(string resource, string command, params (string Name, string Value)[] arguments)
    {
        var result = await ExecuteAsync(resource, command, arguments);
        result.Success.ShouldBeTrue($"{resource} {command}: {result.Message}");
    }

    private Task<ExecuteCommandResult> ExecuteAsync(
        string resource,
        string command,
        params (string Name, string Value)[] arguments
    ) =>
        _application.ResourceCommands.ExecuteCommandAsync(
            resource,
            command,
            new InteractionInputCollection([.. arguments.Select(Input)]),
            Cancel
        );

    private static InteractionInput Input((string Name, string Value) argument) =>
        new()
        {
            Name = argument.Name,
            InputType = InputType.Text,
            Value = argument.Value,
        };

    private static string? LinkOf(CustomResourceSnapshot row) =>
        row.Urls.FirstOrDefault(u => u.Name == "share")?.DisplayProperties.DisplayName;

    private static string? Property(CustomResourceSnapshot row, string name) =>
        row.Properties.FirstOrDefault(p => p.Name == name)?.Value as string;
}
