using System.CommandLine;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Processes;
using k8s;
using Spectre.Console;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// <c>scenario run</c>: a scenario on an existing cluster. <c>scenario list</c>: the catalogue. <c>scenario match</c>:
/// those that fit symptoms. <c>scenario matrix</c>: one scenario on several releases of Cilium.
/// </summary>
internal static class ScenarioCommand
{
    public static Command Build() =>
        new("scenario", "Run scenarios on clusters.")
        {
            Run().WithExamples("scenario run two-sided-l7 --kind"),
            ScenarioListCommand.Build().WithExamples("scenario list"),
            ScenarioMatchCommand
                .Build()
                .WithExamples(
                    "scenario match a replaced pod gets too little",
                    "scenario match --pods 3 --answering 1 --status 503",
                    "scenario match --report artifacts/observe-20260101-120000"
                ),
            ScenarioMatrixCommand
                .Build()
                .WithExamples("scenario matrix two-sided-l7 --embedded --cilium 1.9.0,1.9.9,1.16.0"),
        };

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
        var format = FormatOption.Create();
        var command = new Command(
            "run",
            "Run a scenario on an existing cluster, and leave it as it was. "
                + "Exit code 0: reproduced as expected, 3: not reproduced, 4: nothing concluded, because the machine "
                + "could not keep up."
        )
        {
            load.Scenario,
            backendImage,
            loadTestImage,
            changeSettings,
            keep,
            sysdump,
            format,
        };
        foreach (var option in cluster.All.Concat(load.Options).Concat(page.Options))
            command.Add(option);
        command.Validators.Add(cluster.Validate);
        command.Validators.Add(page.Validate);
        command.Validators.Add(result =>
        {
            if (result.GetValue(format) == FormatOption.Json && page.IsServed(result))
                result.AddError(
                    "--format json prints one report, and the page of --page may make several: give one of them"
                );
        });
        command.SetAction(
            (parsed, cancellationToken) =>
                ScenarioFailures.RunWithErrorReportingAsync(
                    async () =>
                    {
                        var scenario = load.Read(parsed);
                        var output = parsed.GetValue(load.Output)!;
                        RunFiles.Check(output);
                        using var api = cluster.Connect(parsed);
                        var rights = new SessionRights
                        {
                            BackendImage = parsed.GetValue(backendImage),
                            LoadTestImage = parsed.GetValue(loadTestImage),
                            ChangeSettings = parsed.GetValue(changeSettings) || cluster.IsLabs(parsed),
                            Keep = parsed.GetValue(keep),
                            Sysdump = parsed.GetValue(sysdump),
                        };
                        var verbose = parsed.GetValue(load.Verbose);
                        return page.Read(parsed, parsed.GetValue(cluster.InCluster)) is { } choice
                            ? await new ScenarioPage(api, rights, name => load.Read(parsed, name), choice)
                            {
                                Verbose = verbose,
                            }.RunAsync(scenario, output, cancellationToken)
                            : (
                                await RunAsync(
                                    api,
                                    rights,
                                    scenario,
                                    output,
                                    cancellationToken,
                                    verbose,
                                    parsed.IsJson(format) ? Console.Out : null,
                                    "dotnet run --project ClusterSetup --"
                                        + string.Concat(parsed.Tokens.Select(t => $" {ShellWord.Of(t.Value)}"))
                                )
                            ).ExitCode;
                    },
                    cancellationToken
                )
        );
        return command;
    }

    /// <summary>
    /// Runs a scenario on a cluster, shows it, and writes its report, to the folder and, where it is given, as JSON;
    /// the rest is on standard error then. The report names the command that repeats the run, where it is given.
    /// </summary>
    public static async Task<(RunReport Report, ExitCode ExitCode)> RunAsync(
        Kubernetes api,
        SessionRights rights,
        Scenario scenario,
        string output,
        CancellationToken cancellationToken,
        bool verbose = false,
        TextWriter? json = null,
        string? command = null
    )
    {
        var console = RunTerminal.Open(json is null ? null : Console.Error);
        var run = new ExistingClusterRun(api, rights, TimeProvider.System);
        var report = await RunTerminal.RunAsync(
            console,
            listener => run.RunAsync(scenario, listener, cancellationToken),
            verbose
        );
        report = report with { Details = report.Details with { Command = command } };
        var files = RunFiles.Save(report, output) with { IsRestored = run.IsRestored };
        RunFiles.Print(files, console);
        if (files.Folder is { } folder)
            await WriteBesideAsync(api, run.Dump, folder, cancellationToken);
        if (json is not null)
            await json.WriteLineAsync(ReportJson.Write(DocumentOf.Run(report)));
        return (report, RunFiles.ExitCodeOf(report, files));
    }

    /// <summary>Writes what is known of the cluster beside a report.</summary>
    public static async Task WriteBesideAsync(
        Kubernetes api,
        Sysdump? dump,
        string folder,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await ClusterFacts.WriteAsync(api, folder, cancellationToken);
        }
        catch (Exception e) when (e is not IOException && ApiFailures.Is(e))
        {
            // The report is complete without it.
            await Console.Error.WriteLineAsync(
                TerminalText.Clean($"{ClusterFacts.File} is not written: {ApiFailures.Describe(e)}")
            );
        }
        dump?.WriteTo(folder);
    }
}
