using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using CiliumDebugging.ClusterSetup.Topology;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CiliumDebugging.AppHost.Tests.Aspire;

/// <summary>What happens to the process of a Pod when it ends. The states are the test's; no orchestrator runs.</summary>
public sealed class PodReplacementTests
{
    [Fact]
    public async Task A_pod_that_ended_is_started_again_and_one_that_was_stopped_is_not()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var builder = LabBuilder.Create(LabCommandLine.Parse([], embeddedBecause: null));
        var pods = builder.AddWorkload<BackendProject>("backend-1", LabTopology.Default, builder.AddCluster("cluster", new LabOptions()));
        var started = new List<string>();
        var replaced = new TaskCompletionSource();
        foreach (var pod in pods)
        {
            pod.WithCommand(KnownResourceCommands.StartCommand, "Start", _ =>
            {
                started.Add(pod.Resource.Name);
                replaced.TrySetResult();
                return Task.FromResult(CommandResults.Success());
            });
        }
        await using var application = builder.Build();
        var notifications = application.Services.GetRequiredService<ResourceNotificationService>();
        builder.Services.Where(s => s.ServiceType == typeof(IHostedService) && s.ImplementationType == typeof(PodReplacement)).ShouldHaveSingleItem();
        using var replacement = ActivatorUtilities.CreateInstance<PodReplacement>(application.Services);

        await replacement.StartAsync(cancellation);
        foreach (var pod in pods)
            await notifications.PublishUpdateAsync(pod.Resource, s => s with { State = KnownResourceStates.Running });
        await notifications.PublishUpdateAsync(pods[0].Resource, s => s with { State = KnownResourceStates.Stopping });
        await notifications.PublishUpdateAsync(pods[0].Resource, s => s with { State = KnownResourceStates.Finished, ExitCode = 0 });
        // It begins to watch some time after its start, and sees nothing of what was before: the Pod runs and ends until it does.
        while (!replaced.Task.IsCompleted)
        {
            await notifications.PublishUpdateAsync(pods[1].Resource, s => s with { State = KnownResourceStates.Running });
            await notifications.PublishUpdateAsync(pods[1].Resource, s => s with { State = KnownResourceStates.Finished, ExitCode = 0 });
            await Task.WhenAny(replaced.Task, Task.Delay(TimeSpan.FromMilliseconds(50), cancellation));
        }
        await replacement.StopAsync(cancellation);

        started.Distinct().ShouldBe([pods[1].Resource.Name]);
    }
}
