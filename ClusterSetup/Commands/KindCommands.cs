using System.CommandLine;
using CiliumDebugging.ClusterSetup.Kind;
using CiliumDebugging.ClusterSetup.Kind.Steps;
using CiliumDebugging.Lab.Releases;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary><c>down</c>, <c>status</c> and <c>doctor</c> of a kind cluster.</summary>
internal static class KindCommands
{
    /// <summary><c>down</c>: removes a cluster of the lab and the lab's files about it.</summary>
    public static Command Down()
    {
        var options = new KindCommandOptions();
        var command = new Command("down", "Remove a kind cluster of the lab, with its kubeconfig.")
        {
            options.Name,
            options.State,
            options.DryRun,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                KindRun.WithLabAsync(
                    options.Read(parsed),
                    async lab =>
                    {
                        var steps = new StepList([new RemoveCluster(lab)], Console.Out, TimeProvider.System);
                        await (parsed.GetValue(options.DryRun) ? steps.PlanAsync() : steps.RunAsync(cancellationToken));
                        return ExitCode.Success;
                    },
                    cancellationToken
                )
        );
        return command;
    }

    /// <summary><c>status</c>: which of the steps of <c>up --kind</c> are done.</summary>
    public static Command Status()
    {
        var (options, format) = (new KindCommandOptions(), FormatOption.Create());
        var command = new Command(
            "status",
            "Show which steps of the last up --kind are done. Exit code 0: all, 3: not all."
        )
        {
            options.Name,
            options.State,
            format,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                KindRun.RunWithErrorReportingAsync(
                    () =>
                        StatusAsync(
                            new KindState(parsed.GetValue(options.State)!, parsed.GetValue(options.Name)!),
                            parsed.IsJson(format),
                            cancellationToken
                        ),
                    "stopped",
                    cancellationToken
                )
        );
        return command;
    }

    /// <summary><c>doctor</c>: which programs <c>up --kind</c> needs, and which are missing.</summary>
    public static Command Doctor()
    {
        var (options, format) = (new KindCommandOptions(), FormatOption.Create());
        var command = new Command(
            "doctor",
            "Check whether this machine has what up --kind needs. Exit code 0: it has, 3: it has not."
        )
        {
            options.Cilium,
            options.NoCilium,
            options.Kubernetes,
            options.Image,
            format,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                KindRun.WithLabAsync(
                    options.Read(parsed),
                    lab => DoctorAsync(lab, parsed.IsJson(format), cancellationToken),
                    cancellationToken
                )
        );
        return command;
    }

    private static async Task<ExitCode> StatusAsync(KindState state, bool json, CancellationToken cancellationToken)
    {
        var status = await StatusAsync(state, cancellationToken);
        if (json)
            FormatOption.WriteJson(status, Console.Out);
        else if (status.Problem is { } problem)
            Console.WriteLine(problem);
        else
            foreach (var (title, done) in status.Steps)
                Console.WriteLine(done is null ? $"- {title}" : $"✓ {title}: {done}");
        return status.IsComplete ? ExitCode.Success : ExitCode.NotReproduced;
    }

    private static async Task<KindStatus> StatusAsync(KindState state, CancellationToken cancellationToken)
    {
        KindStatus Without(string problem) => new(state.Cluster, IsComplete: false, problem, []);
        if (!state.IsOurs)
            return Without($"the lab has no kind cluster '{state.Cluster}' (nothing in {state.Folder})");
        if (RecordedOptions.Read(state) is not { } recorded)
            return Without(
                $"up --kind of '{state.Cluster}' did not get as far as its cluster ({state.Options} is not there): "
                    + "the same up command continues"
            );
        var steps = KindRun.Open(recorded).Steps().Where(s => s is not CheckPrerequisites).ToList();
        var all = await new StepList(steps, TextWriter.Null, TimeProvider.System).StatusAsync(cancellationToken);
        return new KindStatus(state.Cluster, all.All(s => s.Done is not null), null, all);
    }

    private static async Task<ExitCode> DoctorAsync(KindLab lab, bool json, CancellationToken cancellationToken)
    {
        var found = await Prerequisites.CheckAsync(lab, cancellationToken);
        var isReady = found.All(f => f.Problem is null || f.Optional);
        IReadOnlyList<Prerequisite> all = [.. found, .. MachineLimits.Check(lab.Plan.Options.Workers)];
        var release = lab.Plan.Options.Cilium is { } cilium ? CiliumReleases.Of(cilium) : null;
        var image = lab.Plan.Config.Nodes[0].Image;
        if (json)
            FormatOption.WriteJson(
                new
                {
                    IsReady = isReady,
                    Checks = all,
                    Cilium = release is null
                        ? null
                        : new
                        {
                            Release = $"{lab.Plan.Options.Cilium}",
                            KubernetesOldest = $"{release.Oldest}",
                            KubernetesNewest = $"{release.Newest}",
                            release.Source,
                        },
                    NodeImage = image,
                },
                Console.Out
            );
        else
        {
            foreach (var one in all)
                Console.WriteLine(LineOf(one));
            if (release is not null)
                Console.WriteLine(
                    $"  Cilium {lab.Plan.Options.Cilium} goes with Kubernetes {release.Oldest} to {release.Newest} "
                        + $"({release.Source}); the node image is {image}"
                );
        }
        return isReady ? ExitCode.Success : ExitCode.NotReproduced;
    }

    private static string LineOf(Prerequisite one)
    {
        var missing = one.Optional ? "-" : "✗";
        var mark = one.Problem is null ? "✓" : missing;
        var version = one.Version is null ? "" : $" {one.Version}";
        var problem = one.Problem is null ? "" : $": {one.Problem}";
        return $"{mark} {one.Name}{version}{problem}";
    }

    /// <param name="Cluster">Name of the kind cluster.</param>
    /// <param name="IsComplete">Whether all steps are done.</param>
    /// <param name="Problem">Why there are no steps; null: there are.</param>
    /// <param name="Steps">The steps of its last <c>up</c>.</param>
    private sealed record KindStatus(string Cluster, bool IsComplete, string? Problem, IReadOnlyList<StepStatus> Steps);
}
