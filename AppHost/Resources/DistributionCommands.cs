using CiliumDebugging.AppHost.CommandLine;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Page;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>
/// The lab's commands as commands of the distribution: buttons in the dashboard, and
/// <c>aspire resource distribution COMMAND [ARGUMENT]</c>.
///</summary>
internal static class DistributionCommands
{
    private const string ScenarioArgument = "scenario";

    /// <summary>
    /// Adds them: apply and remove for each policy file, a run of a scenario, its load alone, the end of a run, its
    /// report. Those that would do nothing now are disabled or, where their opposite takes their place, hidden.
    ///</summary>
    public static IResourceBuilder<DistributionResource> WithLabCommands(
        this IResourceBuilder<DistributionResource> distribution,
        AppHostOptions options
    )
    {
        var scenarios = options.ControllerOptions().Scenarios;
        var files = scenarios.Select(s => options.Load(s.Name)).SelectMany(s => s.PolicyFiles()).Select(f => f.File);
        foreach (var file in files.Distinct(StringComparer.Ordinal))
        {
            var bare = Path.GetFileNameWithoutExtension(file);
            distribution
                .With(
                    $"apply-{bare}",
                    $"Apply {file}",
                    _ => new PageCommand(PageAction.ApplyPolicy, file),
                    feed => OfPolicy(distribution.Resource, feed, file, applied: false),
                    new CommandOptions
                    {
                        Description = $"Applies {file}: creates or changes its objects.",
                        IconName = "ShieldAdd",
                        IsHighlighted = true,
                    }
                )
                .With(
                    $"remove-{bare}",
                    $"Remove {file}",
                    _ => new PageCommand(PageAction.RemovePolicy, file),
                    feed => OfPolicy(distribution.Resource, feed, file, applied: true),
                    new CommandOptions
                    {
                        Description = $"Removes {file}: deletes its objects.",
                        IconName = "ShieldDismiss",
                        IsHighlighted = true,
                    }
                );
        }
        return distribution
            .With(
                "run-scenario",
                "Run a scenario",
                context => new PageCommand(PageAction.Run, Scenario(context)),
                _ => ResourceCommandState.Enabled,
                new CommandOptions
                {
                    Description = "Runs a scenario from its beginning. A run that is under way is ended first.",
                    IconName = "Play",
                    Arguments = [ScenarioInput(options, scenarios)],
                }
            )
            .With(
                "start-load",
                "Start the load alone",
                context => new PageCommand(PageAction.Manual, Scenario(context)),
                _ => ResourceCommandState.Enabled,
                new CommandOptions
                {
                    Description = "Starts a scenario's load without its steps; you make the changes.",
                    IconName = "HandRight",
                    Arguments = [ScenarioInput(options, scenarios)],
                }
            )
            .With(
                "end-run",
                "End the run",
                _ => new PageCommand(PageAction.Stop),
                feed => Enabled(feed.State.Activity is PageActivity.Running),
                new CommandOptions
                {
                    Description = "Ends the load, evaluates what was measured and writes the report.",
                    IconName = "RecordStop",
                }
            )
            .With(
                "write-report",
                "Write the report",
                _ => new PageCommand(PageAction.WriteReport),
                feed =>
                    Enabled(
                        feed.Report is not null || feed.State.Activity is PageActivity.Running or PageActivity.Watching
                    ),
                new CommandOptions
                {
                    Description = "Writes the report of the run so far.",
                    IconName = "DocumentArrowDown",
                }
            );
    }

    private static IResourceBuilder<DistributionResource> With(
        this IResourceBuilder<DistributionResource> distribution,
        string name,
        string title,
        Func<ExecuteCommandContext, PageCommand> command,
        Func<LiveState, ResourceCommandState> state,
        CommandOptions options
    )
    {
        var resource = distribution.Resource;
        options.UpdateState = _ =>
            resource.Controller is { } controller ? state(controller.Feed) : ResourceCommandState.Disabled;
        return distribution.WithCommand(
            name,
            title,
            context =>
                resource.Controller is { } controller
                    ? CommandAnswer.OfAsync(() => controller.RunAsync(command(context), context.CancellationToken))
                    : Task.FromResult(
                        CommandResults.Failure(
                            "the lab is not ready: its cluster is starting, or it failed "
                                + "(the state of distribution says which)"
                        )
                    ),
            options
        );
    }

    private static string Scenario(ExecuteCommandContext context) => context.Arguments[ScenarioArgument].Value ?? "";

    private static InteractionInput ScenarioInput(AppHostOptions options, IEnumerable<ScenarioChoice> scenarios) =>
        new()
        {
            Name = ScenarioArgument,
            InputType = InputType.Choice,
            Required = true,
            Value = options.Scenario.Name,
            Options = [.. scenarios.Select(s => KeyValuePair.Create(s.Name, $"{s.Name}: {s.Title}"))],
        };

    private static ResourceCommandState Enabled(bool enabled) =>
        enabled ? ResourceCommandState.Enabled : ResourceCommandState.Disabled;

    private static ResourceCommandState OfPolicy(
        DistributionResource distribution,
        LiveState feed,
        string file,
        bool applied
    ) =>
        feed.Lab.Policies.Any(p => p.Id == file && p.Applied == applied)
            ? Enabled(distribution.CanChangePolicies)
            : ResourceCommandState.Hidden;
}

/// <summary>The answer to a command.</summary>
internal static class CommandAnswer
{
    public static async Task<ExecuteCommandResult> OfAsync(Func<Task<string>> command)
    {
        try
        {
            return CommandResults.Success(await command());
        }
        catch (CommandRefusedException e)
        {
            return CommandResults.Failure(e.Message);
        }
        catch (k8s.Autorest.HttpOperationException e)
        {
            return CommandResults.Failure($"the cluster refused it: {(int)e.Response.StatusCode} {e.Response.Content}");
        }
        catch (HttpRequestException e)
        {
            return CommandResults.Failure($"the cluster did not answer: {e.Message}");
        }
        catch (OperationCanceledException)
        {
            return CommandResults.Canceled();
        }
    }
}
