using System.CommandLine;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.Measurement.Reports;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary><c>redact RUN</c>: a saved run without the names and addresses of its cluster, for sharing.</summary>
public static class RedactCommand
{
    private static readonly Argument<string> s_source = AttackCommands.OfFile(
        new Argument<string>("run") { Description = "A report.json, or the folder of a run" }
    );
    private static readonly Option<string> s_output = AttackCommands.OfFile(
        new Option<string>("--output")
        {
            Description = "Folder of the new run's folder",
            HelpName = "folder",
            DefaultValueFactory = _ => "artifacts/redacted",
        }
    );

    public static Command Build()
    {
        var command = new Command(
            "redact",
            "Writes a saved run again, without names of pods, namespaces, nodes and hosts, and without addresses"
        )
        {
            s_source,
            s_output,
        };
        command.SetAction(parsed =>
            Run(parsed.GetRequiredValue(s_source), parsed.GetRequiredValue(s_output), Console.Out)
        );
        return command;
    }

    internal static int Run(string source, string output, TextWriter console)
    {
        try
        {
            console.WriteLine(ReportFiles.Write(Redaction.Apply(ReportJson.ReadFile(source)), output));
            return (int)ExitCode.Success;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return AttackCommands.WriteProblems([e.Message]);
        }
    }
}
