using System.CommandLine;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;
using k8s;
using Spectre.Console;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// <c>scenario run</c>: a scenario on an existing cluster. <c>scenario matrix</c>: one scenario on several releases of
/// Cilium.
/// </summary>
internal static class ScenarioCommand
{
    public static Command Build() =>
        new("scenario", "Run scenarios on clusters.") { Run(), ScenarioMatrixCommand.Build() };

    private static Command Run()
    {
        var (cluster, load, page) = (new ClusterChoice(), new LoadCommandOptions(), new PageCommandOptions());
        var backendImage = new Option<string?>("--backend-image")
        {
            HelpName = "REF",
            Description = "Image of the echo server, if the workloads are not on the cluster yet.",
        };
        var loadTestImage = new Option<string?>("--load-test-image")
        {
            HelpName = "REF",
            Description = "Image of the load test, if the workloads are not on the cluster yet.",
        };
        var changeSettings = new Option<bool>("--change-settings")
        {
            Description =
                "Change kube-system/cilium-config where the scenario needs it, restart the agents, and restore it. "
                + "Always with --kind.",
        };
        var keep = new Option<bool>("--keep") { Description = "Do not delete what was applied." };
        var sysdump = new Option<bool>("--sysdump")
        {
            Description =
                "Collect what Cilium's maintainers need, beside the report: "
                + "sockets, drops and traces under load, load-balancing maps.",
        };
        var command = new Command(
            "run",
            "Run a scenario on an existing cluster, and leave it as it was. "
                + "Exit code 0: reproduced as expected, 3: not reproduced."
        )
        {
            load.Scenario,
            backendImage,
            loadTestImage,
            changeSettings,
            keep,
            sysdump,
        };
        foreach (var option in cluster.All.Concat(load.Options).Concat(page.Options))
            command.Add(option);
        command.Validators.Add(cluster.Validate);
        command.Validators.Add(page.Validate);
        command.SetAction(
            (parsed, cancellationToken) =>
                ScenarioFailures.RunWithErrorReportingAsync(
                    async () =>
                    {
                        var scenario = load.Read(parsed);
                        using var api = cluster.Connect(parsed);
                        var rights = new SessionRights
                        {
                            BackendImage = parsed.GetValue(backendImage),
                            LoadTestImage = parsed.GetValue(loadTestImage),
                            ChangeSettings = parsed.GetValue(changeSettings) || cluster.IsLabs(parsed),
                            Keep = parsed.GetValue(keep),
                            Sysdump = parsed.GetValue(sysdump),
                        };
                        var output = parsed.GetValue(load.Output)!;
                        var report = page.Read(parsed, parsed.GetValue(cluster.InCluster)) is { } choice
                            ? await new ScenarioPage(api, rights, name => load.Read(parsed, name), choice).RunAsync(
                                scenario,
                                output,
                                cancellationToken
                            )
                            : await RunAsync(api, rights, scenario, output, cancellationToken);
                        return report.Holds ? ExitCode.Success : ExitCode.NotReproduced;
                    },
                    cancellationToken
                )
        );
        return command;
    }

    /// <summary>Runs a scenario on a cluster, shows it, and writes its report.</summary>
    public static async Task<RunReport> RunAsync(
        Kubernetes api,
        SessionRights rights,
        Scenario scenario,
        string output,
        CancellationToken cancellationToken
    )
    {
        var console = RunTerminal.Open();
        var run = new ExistingClusterRun(api, rights, TimeProvider.System);
        var report = await RunTerminal.RunAsync(console, observer =>
            run.RunAsync(scenario, observer, cancellationToken)
        );
        var (line, folder) = RunFiles.Save(report, output);
        console.WriteLine(line);
        if (folder is not null)
            await WriteBesideAsync(api, run.Dump, folder, cancellationToken);
        return report;
    }

    /// <summary>Writes what is known of the cluster beside a report.</summary>
    public static async Task WriteBesideAsync(
        Kubernetes api,
        Sysdump? dump,
        string folder,
        CancellationToken cancellationToken
    )
    {
        await ClusterFacts.WriteAsync(api, folder, cancellationToken);
        dump?.WriteTo(folder);
    }
}
