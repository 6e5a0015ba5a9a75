using System.CommandLine;
using System.CommandLine.Parsing;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;
using k8s;
using Spectre.Console;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// <c>scenario run</c>: a scenario on a cluster that is there. <c>scenario matrix</c>: one scenario on several releases
/// of Cilium.
/// </summary>
internal static class ScenarioCommand
{
    /// <summary>Builds the command.</summary>
    public static Command Build() =>
        new("scenario", "Run scenarios on clusters.") { Run(), ScenarioMatrixCommand.Build() };

    private static Command Run()
    {
        var (cluster, load, page) = (new ClusterChoice(), new LoadSymbols(), new PageSymbols());
        var backendImage = new Option<string?>("--backend-image")
        {
            HelpName = "REF",
            Description = "Image of the echo server, where the workloads are not on the cluster yet.",
        };
        var loadTestImage = new Option<string?>("--load-test-image")
        {
            HelpName = "REF",
            Description = "Image of the load test, where the workloads are not on the cluster yet.",
        };
        var changeSettings = new Option<bool>("--change-settings")
        {
            Description =
                "Change kube-system/cilium-config where the scenario needs it, restart the agents, and put it back. Always with --kind.",
        };
        var keep = new Option<bool>("--keep") { Description = "Leave what was applied." };
        var sysdump = new Option<bool>("--sysdump")
        {
            Description =
                "Collect what Cilium's maintainers ask for beside the report: sockets, drops and traces under load, load-balancing maps.",
        };
        var command = new Command(
            "run",
            "Run a scenario on a cluster that is there, and leave it as it was. Exit code 0: the expectation holds, 3: it does not."
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
                        var options = new SessionRights
                        {
                            BackendImage = parsed.GetValue(backendImage),
                            LoadTestImage = parsed.GetValue(loadTestImage),
                            ChangeSettings = parsed.GetValue(changeSettings) || cluster.IsLabs(parsed),
                            Keep = parsed.GetValue(keep),
                            Sysdump = parsed.GetValue(sysdump),
                        };
                        var output = parsed.GetValue(load.Output)!;
                        var report = page.Read(parsed, parsed.GetValue(cluster.InCluster)) is { } served
                            ? await ScenarioPage.RunAsync(
                                api,
                                options,
                                scenario,
                                name => load.Read(parsed, name),
                                served,
                                output,
                                cancellationToken
                            )
                            : await RunAsync(api, options, scenario, output, cancellationToken);
                        return (int)(report.Holds ? ExitCode.Success : ExitCode.NotReproduced);
                    },
                    cancellationToken
                )
        );
        return command;
    }

    /// <summary>Runs a scenario on a cluster, shows it, and writes its report.</summary>
    public static async Task<RunReport> RunAsync(
        Kubernetes api,
        SessionRights options,
        Scenario scenario,
        string output,
        CancellationToken cancellationToken
    )
    {
        var console = RunTerminal.Open();
        ExistingClusterRun session = new ExistingClusterRun(api, options, TimeProvider.System);
        var report = await RunTerminal.RunAsync(console, observer =>
            session.RunAsync(scenario, observer, cancellationToken)
        );
        var (line, folder) = RunFiles.Save(report, output);
        console.WriteLine(line);
        if (folder is not null)
            await WriteBesideAsync(api, session.Dump, folder, cancellationToken);
        return report;
    }

    /// <summary>Writes beside a report what there is to say of the cluster.</summary>
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

/// <summary>The scenario of a command, and its load.</summary>
internal sealed class LoadSymbols
{
    public Argument<string> Scenario { get; } =
        new("scenario")
        {
            Description = $"Name or folder of the scenario: {string.Join(", ", ScenarioCatalog.Names)}.",
        };

    public Option<double?> Rate { get; } =
        new("--rate")
        {
            HelpName = "N",
            Description = "Requests per second, greater than 0 and at most 100000. Default: the scenario's.",
        };

    public Option<TimeSpan?> Baseline { get; } =
        Duration("--baseline", "Length of the baseline. Default: the scenario's");

    public Option<TimeSpan?> Observe { get; } =
        Duration("--observe", "Length of the observation. Default: the scenario's");

    public Option<string> Output { get; } =
        new("--output")
        {
            HelpName = "DIR",
            Description = $"Folder that gets the report's folder. Default {RunFiles.Artifacts}.",
            DefaultValueFactory = _ => RunFiles.Artifacts,
        };

    public IEnumerable<Option> Options => [Rate, Baseline, Observe, Output];

    /// <summary>The scenario with the load that was asked for.</summary>
    /// <exception cref="ScenarioException">
    /// There is no such scenario, it cannot be read, or the rate is out of range.
    /// </exception>
    public Scenario Read(ParseResult parsed) => Read(parsed, parsed.GetValue(Scenario)!);

    /// <summary>Another scenario with the same load.</summary>
    /// <exception cref="ScenarioException">As above.</exception>
    public Scenario Read(ParseResult parsed, string name)
    {
        if (parsed.GetValue(Rate) is { } rate && rate is not (> 0 and <= 100_000))
            throw new ScenarioException(
                $"--rate {rate}: must be greater than 0 and at most 100000, for example --rate 50"
            );
        return ScenarioCatalog
            .Load(name)
            .With(parsed.GetValue(Rate), parsed.GetValue(Baseline), parsed.GetValue(Observe));
    }

    internal static Option<TimeSpan?> Duration(string name, string what) =>
        new(name)
        {
            HelpName = "TIME",
            Description = $"{what}; such as 6s or 2m.",
            CustomParser = argument =>
            {
                if (Durations.TryParse(argument.Tokens[0].Value, out var duration))
                    return duration;
                argument.AddError(
                    $"{name} {argument.Tokens[0].Value}: must be a time greater than 0 and at most 24h, for example {name} 30s"
                );
                return null;
            },
        };
}
