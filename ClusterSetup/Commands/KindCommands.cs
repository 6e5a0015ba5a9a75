using System.CommandLine;
using CiliumDebugging.ClusterSetup.Kind;
using CiliumDebugging.ClusterSetup.Kind.Steps;
using CiliumDebugging.Lab.Releases;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary><c>down</c>, <c>status</c> and <c>doctor</c> of a kind cluster.</summary>
internal static class KindCommands
{
    /// <summary><c>down</c>: removes a cluster of the lab and what the lab keeps of it.</summary>
    public static Command Down()
    {
        KindCommandOptions symbols = new KindCommandOptions();
        var command = new Command("down", "Remove a kind cluster of the lab, with its kubeconfig.")
        {
            symbols.Name,
            symbols.State,
            symbols.DryRun,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                KindRun.WithLabAsync(
                    symbols.Read(parsed),
                    Console.Out,
                    async lab =>
                    {
                        var step = new RemoveCluster(lab);
                        if (parsed.GetValue(symbols.DryRun))
                            await new StepList([step], Console.Out, TimeProvider.System).PlanAsync();
                        else
                            await new StepList([step], Console.Out, TimeProvider.System).RunAsync(cancellationToken);
                        return (int)ExitCode.Success;
                    },
                    cancellationToken
                )
        );
        return command;
    }

    /// <summary><c>status</c>: which of the steps of <c>up --kind</c> are done. Exit code 0: all, 3: not all.</summary>
    public static Command Status()
    {
        KindCommandOptions symbols = new KindCommandOptions();
        var command = new Command(
            "status",
            "Tell which steps of up --kind are done, with the same options as it. Exit code 0: all, 3: not all."
        );
        foreach (var option in symbols.OfCluster.Where(o => o != symbols.DryRun))
            command.Add(option);
        command.SetAction(
            (parsed, cancellationToken) =>
                KindRun.WithLabAsync(
                    symbols.Read(parsed),
                    Console.Out,
                    async lab =>
                    {
                        if (!lab.State.IsOurs)
                        {
                            Console.WriteLine(
                                $"the lab has no kind cluster '{lab.Plan.Options.Name}' (nothing in {lab.State.Folder})"
                            );
                            return (int)ExitCode.NotReproduced;
                        }
                        var steps = lab.Steps().Where(s => s is not CheckPrerequisites).ToList();
                        return (int)(
                            await new StepList(steps, Console.Out, TimeProvider.System).StatusAsync(cancellationToken)
                                ? ExitCode.Success
                                : ExitCode.NotReproduced
                        );
                    },
                    cancellationToken
                )
        );
        return command;
    }

    /// <summary><c>doctor</c>: what is there for <c>up --kind</c>, and what is missing.</summary>
    public static Command Doctor()
    {
        KindCommandOptions symbols = new KindCommandOptions();
        var command = new Command(
            "doctor",
            "Look whether this machine has what up --kind needs. Exit code 0: it has, 3: it has not."
        )
        {
            symbols.Cilium,
            symbols.NoCilium,
            symbols.Kubernetes,
            symbols.Image,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                KindRun.WithLabAsync(
                    symbols.Read(parsed),
                    Console.Out,
                    async lab =>
                    {
                        var found = await Prerequisites.CheckAsync(lab, cancellationToken);
                        foreach (var one in found.Concat(MachineLimits.Check(lab.Plan.Options.Workers)))
                            Console.WriteLine(
                                $"{(one.Problem is null ? "✓" : one.Optional ? "-" : "✗")} {one.Name}{(one.Version is { } version ? $" {version}" : "")}{(one.Problem is { } problem ? $": {problem}" : "")}"
                            );
                        if (lab.Plan.Options.Cilium is { } release)
                        {
                            var row = CiliumReleases.Of(release);
                            Console.WriteLine(
                                $"  Cilium {release} goes with Kubernetes {row.Oldest} to {row.Newest} ({row.Source}); the node image is {lab.Plan.Config.Nodes[0].Image}"
                            );
                        }
                        return (int)(
                            found.All(f => f.Problem is null || f.Optional) ? ExitCode.Success : ExitCode.NotReproduced
                        );
                    },
                    cancellationToken
                )
        );
        return command;
    }
}
