using CiliumDebugging.ClusterSetup.Scenarios;
using CiliumDebugging.LoadTest.Page;

namespace CiliumDebugging.AppHost;

/// <summary>The lab's commands as commands of resources: buttons in the dashboard, and <c>aspire resource NAME COMMAND</c>.</summary>
internal static class LabCommandExtensions
{
    /// <summary>Adds apply and remove for every policy file, run for every scenario, and what the page offers else. Those that do nothing now are hidden or disabled.</summary>
    public static IResourceBuilder<DistributionResource> WithLabCommands(this IResourceBuilder<DistributionResource> distribution, LabOptions options)
    {
        var scenarios = options.SessionOptions("").Scenarios;
        var policies = scenarios.Select(s => options.LoadScenarioNamed(s.Name)).SelectMany(s => s.PolicyFiles()).Select(f => f.File).Distinct(StringComparer.Ordinal);
        foreach (var file in policies)
        {
            var bare = Path.GetFileNameWithoutExtension(file);
            distribution
                .With($"apply-{bare}", $"Apply {file}", "ShieldAdd", "Creates or changes the objects of this policy file in the cluster.", new LabCommand(LabAction.ApplyPolicy, file), s => OfPolicy(s, file, applied: false), highlighted: true)
                .With($"remove-{bare}", $"Remove {file}", "ShieldDismiss", "Deletes the objects of this policy file from the cluster.", new LabCommand(LabAction.RemovePolicy, file), s => OfPolicy(s, file, applied: true), highlighted: true);
        }
        foreach (var (name, title) in scenarios)
            distribution.With($"run-{name}", $"Run {name}", "Play", $"{title}. From its beginning; a run that is under way is ended first.", new LabCommand(LabAction.Run, name), _ => ResourceCommandState.Enabled);
        return distribution
            .With("load-by-hand", "Load by hand", "HandRight", "Starts the current scenario's load without its steps; the changes are yours.", new LabCommand(LabAction.ByHand), _ => ResourceCommandState.Enabled)
            .With("end-run", "End the run", "RecordStop", "Ends the load; the run is judged by what it has, and its report is written.", new LabCommand(LabAction.Stop),
                s => s.State.Activity is "running" ? ResourceCommandState.Enabled : ResourceCommandState.Disabled)
            .With("write-report", "Write the report", "DocumentArrowDown", "Writes the report of the run as it stands.", new LabCommand(LabAction.WriteReport),
                s => s.Report is null && s.State.Activity is not "running" ? ResourceCommandState.Disabled : ResourceCommandState.Enabled);
    }

    /// <summary>Adds the command that deletes a backend's Pod, whose process is then started again as another Pod.</summary>
    public static void WithReplaceCommand(this IResourceBuilder<ProjectResource> backend, DistributionResource distribution)
    {
        var slot = backend.Resource.Annotations.OfType<PodAnnotation>().Single().Slot;
        backend.WithCommand("replace-pod", "Replace the Pod", context => ExecuteAsync(distribution, feed =>
            BackendSlots.PodOf(slot, backend.ApplicationBuilder.Resources, feed.Lab.Pods) is { } pod
                ? new LabCommand(LabAction.DeletePod, pod.HubbleName)
                : throw new CommandRefusedException($"{slot.ResourceName} has no ready Pod at the moment: try again when it has"), context.CancellationToken), new CommandOptions
        {
            Description = "Deletes the Pod as kubectl delete pod does; another takes its place.", IconName = "ArrowSync",
            UpdateState = context => distribution.Session is not null && BackendTexts.Runs(context.ResourceSnapshot.State) ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
        });
    }

    private static IResourceBuilder<DistributionResource> With(
        this IResourceBuilder<DistributionResource> distribution, string name, string title, string icon, string description, LabCommand command, Func<PageFeed, ResourceCommandState> state, bool highlighted = false) =>
        distribution.WithCommand(name, title, context => ExecuteAsync(distribution.Resource, _ => command, context.CancellationToken), new CommandOptions
        {
            Description = description, IconName = icon, IsHighlighted = highlighted,
            UpdateState = _ => distribution.Resource.Session is { } session ? state(session.Feed) : ResourceCommandState.Disabled,
        });

    private static async Task<ExecuteCommandResult> ExecuteAsync(DistributionResource distribution, Func<PageFeed, LabCommand> command, CancellationToken cancellationToken)
    {
        if (distribution.Session is not { } session) return CommandResults.Failure("the lab is not ready: its Pods are starting, or it broke (the state of the distribution says which)");
        try
        {
            await session.RunAsync(command(session.Feed), cancellationToken);
            return CommandResults.Success();
        }
        catch (CommandRefusedException e)
        {
            return CommandResults.Failure(e.Message);
        }
        catch (OperationCanceledException)
        {
            return CommandResults.Canceled();
        }
    }

    /// <summary>A policy of another scenario is hidden; of the two commands of a policy one does something.</summary>
    private static ResourceCommandState OfPolicy(PageFeed feed, string file, bool applied) => feed.Lab.Policies.FirstOrDefault(p => p.Id == file) switch
    {
        null => ResourceCommandState.Hidden,
        var policy => policy.Applied == applied ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
    };
}
