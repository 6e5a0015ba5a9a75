using System.CommandLine;
using CiliumDebugging.ClusterSetup.Kind;
using CiliumDebugging.ClusterSetup.Kind.Steps;
using CiliumDebugging.Lab.Releases;
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
        var options = new KindCommandOptions();
        var command = new Command(
            "status",
            "Show which steps of up --kind are done, with the same options as it. Exit code 0: all, 3: not all."
        );
        foreach (var option in options.OfCluster.Where(o => o != options.DryRun))
            command.Add(option);
        command.SetAction(
            (parsed, cancellationToken) =>
                KindRun.WithLabAsync(
                    options.Read(parsed),
                    lab => StatusAsync(lab, cancellationToken),
                    cancellationToken
                )
        );
        return command;
    }

    /// <summary><c>doctor</c>: which programs <c>up --kind</c> needs, and which are missing.</summary>
    public static Command Doctor()
    {
        var options = new KindCommandOptions();
        var command = new Command(
            "doctor",
            "Check whether this machine has what up --kind needs. Exit code 0: it has, 3: it has not."
        )
        {
            options.Cilium,
            options.NoCilium,
            options.Kubernetes,
            options.Image,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                KindRun.WithLabAsync(
                    options.Read(parsed),
                    lab => DoctorAsync(lab, cancellationToken),
                    cancellationToken
                )
        );
        return command;
    }

    private static async Task<ExitCode> StatusAsync(KindLab lab, CancellationToken cancellationToken)
    {
        if (!lab.State.IsOurs)
        {
            Console.WriteLine($"the lab has no kind cluster '{lab.Plan.Options.Name}' (nothing in {lab.State.Folder})");
            return ExitCode.NotReproduced;
        }
        var steps = lab.Steps().Where(s => s is not CheckPrerequisites).ToList();
        var isComplete = await new StepList(steps, Console.Out, TimeProvider.System).StatusAsync(cancellationToken);
        return isComplete ? ExitCode.Success : ExitCode.NotReproduced;
    }

    private static async Task<ExitCode> DoctorAsync(KindLab lab, CancellationToken cancellationToken)
    {
        var found = await Prerequisites.CheckAsync(lab, cancellationToken);
        foreach (var one in found.Concat(MachineLimits.Check(lab.Plan.Options.Workers)))
        {
            var missing = one.Optional ? "-" : "✗";
            var mark = one.Problem is null ? "✓" : missing;
            var version = one.Version is null ? "" : $" {one.Version}";
            var problem = one.Problem is null ? "" : $": {one.Problem}";
            Console.WriteLine($"{mark} {one.Name}{version}{problem}");
        }
        if (lab.Plan.Options.Cilium is { } release)
        {
            var row = CiliumReleases.Of(release);
            Console.WriteLine(
                $"  Cilium {release} goes with Kubernetes {row.Oldest} to {row.Newest} ({row.Source}); "
                    + $"the node image is {lab.Plan.Config.Nodes[0].Image}"
            );
        }
        return found.All(f => f.Problem is null || f.Optional) ? ExitCode.Success : ExitCode.NotReproduced;
    }
}
