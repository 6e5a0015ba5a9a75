using System.Reflection;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CiliumDebugging.AppHost.Tests.Aspire;

/// <summary>The whole application, started by Aspire's orchestrator where there is one.</summary>
public sealed class RunTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task The_lab_is_seen_and_steered_through_its_resources()
    {
        Assert.SkipUnless(File.Exists(Orchestrator()), "Aspire's orchestrator (DCP) is not on this machine");
        var cancellation = TestContext.Current.CancellationToken;
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<LabOptions>(["--by-hand", "--rate", "100"], cancellation);
        await using var application = await builder.BuildAsync(cancellation);
        await application.StartAsync(cancellation);
        Task<ResourceEvent> Until(string resource, Func<CustomResourceSnapshot, bool> condition) =>
            application.ResourceNotifications.WaitForResourceAsync(resource, e => condition(e.Snapshot), cancellation).WaitAsync(s_limit, cancellation);
        async Task Run(string resource, string command)
        {
            var result = await application.ResourceCommands.ExecuteCommandAsync(resource, command, cancellation);
            result.Success.ShouldBeTrue($"{resource} {command}: {result.Message}");
        }

        // Balanced: a rate and a share for each backend, and links.
        foreach (var node in new[] { "cluster-worker", "cluster-worker2", "cluster-worker3" })
            await Until($"backend-1-{node}", s => s.State?.Text.StartsWith("Running · ", StringComparison.Ordinal) == true && s.Properties.Any(p => p.Name == "share"));
        await Until("distribution", s => s.Urls.Any(u => u.Name == "page") && s.Urls.Any(u => u.Name == "metrics"));

        // The policy: the verdict, the load test's health with the mechanism's name, the backends that are silent.
        await Run("distribution", "apply-load-test-policy");
        await Until("distribution", s => s.State?.Text == "Skewed: two-sided-l7");
        await Until("load-test-1", s => s.HealthStatus is HealthStatus.Unhealthy && s.HealthReports.Any(r => r.Description?.Contains("two-sided-l7", StringComparison.Ordinal) == true));
        await Until("backend-1-cluster-worker", s => s.State?.Style == KnownResourceStateStyles.Error);

        // And back, with a report.
        await Run("distribution", "remove-load-test-policy");
        await Until("load-test-1", s => s.HealthStatus is HealthStatus.Healthy);
        await Run("backend-1-cluster-worker", "replace-pod");
        await Run("distribution", "write-report");
        await Until("distribution", s => s.Urls.Any(u => u.Name == "report"));
        await Run("distribution", "end-run");
    }

    private static string Orchestrator() => Environment.GetEnvironmentVariable("DcpPublisher__CliPath")
        ?? typeof(LabOptions).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => string.Equals(a.Key, "dcpclipath", StringComparison.OrdinalIgnoreCase))?.Value ?? "";
}
