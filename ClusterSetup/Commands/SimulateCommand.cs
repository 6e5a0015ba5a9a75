using System.Collections.Immutable;
using System.CommandLine;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Simulation;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Files;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// <c>simulate</c>: runs a scenario in virtual time and prints the shares over time beside the prediction.
/// </summary>
public static class SimulateCommand
{
    public static Command Build()
    {
        var standard = new SimulationOptions();
        var scenario = LoadCommandOptions.OfScenario();
        var nodes = new Option<int?>("--nodes")
        {
            Description =
                "Worker nodes, 1 to 10000, with the client on the last one. "
                + "Default: the scenario's nodes, zones and places.",
        };
        var pods = new Option<int?>("--pods")
        {
            Description = "Backend pods, 1 to 1000000, in turn on the nodes. Default: the scenario's.",
        };
        var clients = new Option<int>("--clients")
        {
            Description = "Client pods, 1 to 10000; they share the rate.",
            DefaultValueFactory = _ => standard.Clients,
        };
        var zones = new Option<int?>("--zones")
        {
            Description = "Zones that the nodes are in, in turn, 0 to 100. Default: the scenario's.",
        };
        var outside = new Option<bool>("--outside")
        {
            Description =
                "The clients are outside the cluster: "
                + "a load balancer sends each connection to a node's port, from node to node in turn.",
        };
        var rate = new Option<double?>("--rate")
        {
            Description = "Connections per second of virtual time. Default: the scenario's.",
        };
        var duration = new Option<string?>("--duration")
        {
            Description = "Length of each phase in virtual time, such as 30s or 2h. Default: the scenario's.",
        };
        var gap = new Option<string?>("--gap")
        {
            Description = "Virtual time until a deleted pod is replaced. Default 1s.",
        };
        var seed = new Option<int>("--seed")
        {
            Description = "Random seed of every choice.",
            DefaultValueFactory = _ => standard.Seed,
        };
        var samples = new Option<int>("--samples")
        {
            Description = "Parts that each phase is reported in, 1 to 1000.",
            DefaultValueFactory = _ => standard.SamplesPerPhase,
        };
        var set = new Option<string[]>("--set")
        {
            Description = "A Cilium setting as key=value. Repeatable.",
            DefaultValueFactory = _ => [],
        };
        var csv = new Option<string?>("--csv") { Description = "Write the shares over time to this CSV file." };
        var json = new Option<string?>("--json") { Description = "Write the whole result to this JSON file." };
        var format = FormatOption.Create();
        var command = new Command("simulate", "Run a scenario in virtual time, deterministic for a random seed.")
        {
            scenario,
            nodes,
            pods,
            clients,
            zones,
            outside,
            rate,
            duration,
            gap,
            seed,
            samples,
            set,
            csv,
            json,
            format,
        };
        command.SetAction(parsed =>
            Run(
                parsed.GetValue(scenario)!,
                () =>
                    standard with
                    {
                        Nodes = parsed.GetValue(nodes),
                        Pods = parsed.GetValue(pods),
                        Clients = parsed.GetValue(clients),
                        Zones = parsed.GetValue(zones),
                        Outside = parsed.GetValue(outside),
                        RatePerSecond = parsed.GetValue(rate),
                        Duration = Duration("--duration", parsed.GetValue(duration)),
                        Gap = Duration("--gap", parsed.GetValue(gap)) ?? standard.Gap,
                        Seed = parsed.GetValue(seed),
                        SamplesPerPhase = parsed.GetValue(samples),
                        Settings = standard.Settings.SetItems(
                            ClusterEnvironment.ParseSettings(string.Join('\n', parsed.GetValue(set) ?? []))
                        ),
                    },
                parsed.GetValue(csv),
                parsed.GetValue(json),
                parsed.IsJson(format)
            )
        );
        return command;
    }

    private static int Run(string scenario, Func<SimulationOptions> options, string? csv, string? json, bool isJson)
    {
        try
        {
            if (csv is not null && json is not null && Path.GetFullPath(csv) == Path.GetFullPath(json))
                throw new FormatException($"--csv and --json both name {csv}; give each a file of its own");
            var loaded = ScenarioCatalog.Load(scenario);
            var chosen = options();
            using var csvFile = Open("--csv", csv);
            using var jsonFile = Open("--json", json);
            var result = Simulator.Run(loaded, chosen, isJson ? null : Progress());
            if (isJson)
                FormatOption.WriteJson(result, Console.Out);
            else
                SimulationText.Write(result, Console.Out);
            Save(jsonFile, file => FormatOption.WriteJson(result, file));
            Save(csvFile, file => SimulationFiles.WriteCsv(result, file));
            return (int)ExitCode.Success;
        }
        catch (Exception e) when (e is ScenarioException or FormatException)
        {
            Console.Error.WriteLine(e.Message);
            return (int)ExitCode.BadUsage;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(e.Message);
            return (int)ExitCode.Failed;
        }
    }

    private static FileStream? Open(string option, string? path)
    {
        try
        {
            return path is null ? null : OutputFile.Open(path);
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new FormatException($"{option} {path} cannot be written: {e.Message}", e);
        }
    }

    private static void Save(FileStream? file, Action<TextWriter> write)
    {
        if (file is null)
            return;
        using (var writer = new StreamWriter(file, leaveOpen: true))
            write(writer);
        OutputFile.EndHere(file);
    }

    private static Action<SimulationProgress> Progress()
    {
        var lines = new ProgressLines(
            Console.Error,
            !Console.IsErrorRedirected,
            TimeProvider.System,
            every: TimeSpan.FromSeconds(1)
        );
        return now =>
        {
            if (now.Seconds >= now.OfSeconds)
                lines.End();
            else
                lines.Write(
                    FormattableString.Invariant(
                        $"{now.Seconds:0}/{now.OfSeconds:0} s of virtual time, {now.Connections:N0} connections"
                    ),
                    passing: true,
                    now.Seconds / now.OfSeconds
                );
        };
    }

    private static TimeSpan? Duration(string option, string? text) =>
        text is null ? null
        : Durations.TryParse(text, out var duration) ? duration
        : throw new FormatException(
            $"{option} {text}: must be a time greater than 0 and at most 24h, for example {option} 30s"
        );
}
