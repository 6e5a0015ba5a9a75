using System.CommandLine;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary><c>scenario list</c>: the catalogue, by what people see.</summary>
internal static class ScenarioListCommand
{
    public static Command Build()
    {
        var format = FormatOption.Create();
        var command = new Command("list", "List the scenarios: what one sees, why, and how it is known.") { format };
        command.SetAction(parsed => Write(Console.Out, parsed.IsJson(format)));
        return command;
    }

    internal static int Write(TextWriter output, bool json)
    {
        var scenarios = ScenarioCatalog.All;
        if (json)
            FormatOption.WriteJson(
                scenarios.Select(s => new
                {
                    s.Name,
                    s.Title,
                    s.Synopsis.Symptom,
                    s.Synopsis.Mechanism,
                    s.Synopsis.Releases,
                    s.Synopsis.Evidence,
                    s.Source,
                }),
                output
            );
        else
            WriteText(scenarios, output);
        return (int)ExitCode.Success;
    }

    private static void WriteText(IReadOnlyList<Scenario> scenarios, TextWriter output)
    {
        var width = scenarios.Max(s => s.Name.Length) + 2;
        var indent = new string(' ', width);
        foreach (var scenario in scenarios)
        {
            var (symptom, mechanism, releases, evidence) = scenario.Synopsis;
            output.WriteLine($"{scenario.Name.PadRight(width)}{symptom}");
            output.WriteLine($"{indent}{mechanism}");
            output.WriteLine($"{indent}Cilium: {releases}; {evidence}");
        }
    }
}
