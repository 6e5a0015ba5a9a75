using System.CommandLine;
using System.CommandLine.Parsing;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.ClusterSetup.Kind;
using CiliumDebugging.ClusterSetup.Kind.Programs;
using CiliumDebugging.ClusterSetup.Kind.Steps;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.EmbeddedCluster;
using CiliumDebugging.EmbeddedCluster.Api.Access;
using CiliumDebugging.EmbeddedCluster.Configuration;
using CiliumDebugging.Lab.Releases;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Releases;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Processes;
using Spectre.Console;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// <c>scenario matrix</c>: runs a scenario on one release of Cilium after the other and prints which are skewed, to
/// bisect a regression. With <c>--kind</c> each release gets a cluster of its own, which is removed afterwards. With
/// <c>--embedded</c> the emulator is set to the release; for most releases its result is a prediction.
///</summary>
internal static class ScenarioMatrixCommand
{
    private const string ReleaseSetting = "sandbox-cilium-version";

    private delegate Task<(RunReport Report, ExitCode ExitCode)> RunOnRelease(
        KindOptions options,
        Scenario scenario,
        string output,
        TextWriter notes,
        CancellationToken cancellationToken
    );

    public static Command Build()
    {
        var (load, kindOptions, format) = (new LoadCommandOptions(), new KindCommandOptions(), FormatOption.Create());
        var releases = new Option<CiliumVersion[]>("--cilium")
        {
            HelpName = "LIST",
            Description = "Releases, separated by commas, for example 1.9.0,1.9.9,1.10.0,latest.",
            Required = true,
            CustomParser = ReadReleases,
        };
        var kind = new Option<bool>("--kind") { Description = "On kind clusters, one after the other." };
        var embedded = new Option<bool>("--embedded") { Description = "On embedded clusters." };
        var command = new Command(
            "matrix",
            "Run a scenario on several releases of Cilium and print which are skewed. "
                + "Exit code 0: every release was run."
        )
        {
            load.Scenario,
            releases,
            kind,
            embedded,
            kindOptions.Name,
            kindOptions.Nodes,
            kindOptions.BaseImage,
            kindOptions.State,
            format,
        };
        foreach (var option in load.Options)
            command.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(kind) == result.GetValue(embedded))
                result.AddError("scenario matrix: choose --kind or --embedded");
        });
        command.SetAction(
            (parsed, cancellationToken) =>
                ScenarioFailures.RunWithErrorReportingAsync(
                    async () =>
                    {
                        var (scenario, output) = (load.Read(parsed), parsed.GetValue(load.Output)!);
                        RunFiles.Check(output);
                        var options = kindOptions.Read(parsed);
                        var (rows, isSaved) = (new List<MatrixRow>(), true);
                        var isJson = parsed.IsJson(format);
                        var notes = isJson ? Console.Error : Console.Out;
                        var all = parsed.GetRequiredValue(releases);
                        foreach (var (index, release) in all.Index())
                        {
                            await notes.WriteLineAsync($"── Cilium {release} ({index + 1} of {all.Length}) ──");
                            var run = parsed.GetValue(kind) ? OnKindAsync : (RunOnRelease)OnEmbeddedAsync;
                            var result = run(
                                options with
                                {
                                    Cilium = release,
                                },
                                scenario,
                                output,
                                notes,
                                cancellationToken
                            );
                            var (row, exitCode) = await RowAsync(release, result);
                            rows.Add(row);
                            isSaved &= exitCode is ExitCode.Success or ExitCode.NotReproduced;
                        }
                        if (isJson)
                            FormatOption.WriteJson(MatrixSummary.Of(scenario, rows), Console.Out);
                        else
                            MatrixText.Write(scenario, rows, RunTerminal.Open());
                        return isSaved ? ExitCode.Success : ExitCode.Failed;
                    },
                    cancellationToken
                )
        );
        return command;
    }

    /// <summary>A release that cannot be run does not end the others.</summary>
    private static async Task<(MatrixRow Row, ExitCode ExitCode)> RowAsync(
        CiliumVersion release,
        Task<(RunReport Report, ExitCode ExitCode)> run
    )
    {
        try
        {
            var (report, exitCode) = await run;
            return (new MatrixRow(release, report, null), exitCode);
        }
        catch (Exception e)
            when (e
                    is KindException
                        or ProgramException
                        or ClusterRefusedException
                        or ClusterStartException
                        or TimeoutException
                        or HttpRequestException
                        or k8s.Autorest.HttpOperationException
            )
        {
            var message = Secrets.Hide(e.Message);
            await Console.Error.WriteLineAsync(message);
            return (new MatrixRow(release, null, message.Split('\n')[0].TrimEnd()), ExitCode.Failed);
        }
    }

    private static async Task<(RunReport Report, ExitCode ExitCode)> OnEmbeddedAsync(
        KindOptions choice,
        Scenario scenario,
        string output,
        TextWriter notes,
        CancellationToken cancellationToken
    )
    {
        using var loggers = LoggerFactory.Create(logging =>
            logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(c => c.SingleLine = true)
        );
        var settings = scenario.Settings.SetItem(ReleaseSetting, $"{choice.Cilium}");
        var topology = ClusterTopology.Create("cluster", choice.Workers);
        var options = new ClusterOptions
        {
            Topology = topology,
            ApiToken = ClusterEnvironment.NewApiToken(),
            CiliumConfig = settings,
        };
        await using var cluster = await EmbeddedClusterHost.StartAsync(options, loggers, cancellationToken);
        using var api = ApiClient.Create(cluster.ApiUrl, cluster.ApiToken, cluster.AuthorityPem);
        var console = RunTerminal.Open(notes == Console.Out ? null : notes);
        var report = await RunTerminal.RunAsync(console, observer =>
            new ScenarioRunner(api, TimeProvider.System).RunAsync(
                scenario with
                {
                    Settings = settings,
                },
                topology.BackendPods(),
                observer,
                cancellationToken
            )
        );
        var files = RunFiles.Save(report, output);
        RunFiles.Print(files, console);
        return (report, RunFiles.ExitCodeOf(report, files));
    }

    private static async Task<(RunReport Report, ExitCode ExitCode)> OnKindAsync(
        KindOptions options,
        Scenario scenario,
        string output,
        TextWriter notes,
        CancellationToken cancellationToken
    )
    {
        var lab = KindRun.Open(options, notes);
        try
        {
            await new StepList(lab.Steps(), notes, TimeProvider.System).RunAsync(cancellationToken);
            using var api = lab.Connect();
            // The release is the matrix's choice.
            var settings = scenario.Settings.Remove(ReleaseSetting);
            return await ScenarioCommand.RunAsync(
                api,
                new SessionRights { ChangeSettings = true },
                scenario with
                {
                    Settings = settings,
                },
                output,
                cancellationToken,
                // The matrix is the result, not each report.
                json: notes == Console.Out ? null : TextWriter.Null
            );
        }
        finally
        {
            await new StepList([new RemoveCluster(lab)], notes, TimeProvider.System).RunAsync(CancellationToken.None);
        }
    }

    private static CiliumVersion[] ReadReleases(ArgumentResult argument)
    {
        var read = argument
            .Tokens.SelectMany(t =>
                t.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            )
            .Select(CiliumReleases.Parse)
            .ToList();
        foreach (var (_, problem) in read)
            if (problem is not null)
                argument.AddError($"--cilium: {problem}");
        return [.. read.Select(r => r.Release)];
    }
}
