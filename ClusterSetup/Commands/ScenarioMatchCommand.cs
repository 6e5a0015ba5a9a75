using System.Collections.Immutable;
using System.CommandLine;
using CiliumDebugging.Lab.Matching;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Releases;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary><c>scenario match</c>: the scenarios that fit symptoms, or a report, best.</summary>
internal static class ScenarioMatchCommand
{
    /// <summary>As many scenarios are shown, and those that are equal to the last of them.</summary>
    private const int MaxShown = 3;

    private const int Width = 80;

    public static Command Build()
    {
        var words = new Argument<string[]>("words")
        {
            Description = "What is seen, in words.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var report = AttackCommands.OfFile(
            new Option<string?>("--report")
            {
                HelpName = "FILE",
                Description = "A report.json of observe or scenario run, or its folder.",
            }
        );
        var pods = Number("--pods", 1, 100_000, "Pods behind the Service.");
        var answering = Number("--answering", 0, 100_000, "How many of them answer with success.");
        var status = Number("--status", 100, 599, "The HTTP status of the requests that fail.");
        var diagnosis = new Option<string?>("--diagnosis")
        {
            HelpName = "NAME",
            Description = "The mechanism that a report names.",
        };
        var release = new Option<CiliumVersion?>("--cilium-version")
        {
            HelpName = "VERSION",
            Description = "The release of Cilium.",
            CustomParser = argument =>
            {
                if (CiliumVersion.TryParse(argument.Tokens[0].Value, out var version))
                    return version;
                argument.AddError($"--cilium-version: '{argument.Tokens[0].Value}' is not a version such as 1.9.0");
                return null;
            },
        };
        var format = FormatOption.Create();
        var command = new Command("match", "Find the scenarios that fit what is seen, or a report, best.")
        {
            words,
            report,
            pods,
            answering,
            status,
            diagnosis,
            release,
            format,
        };
        command.Validators.Add(result =>
        {
            if (result.Children.All(c => c is not { Tokens.Count: > 0 } || IsFormat(c)))
                result.AddError("scenario match: say what is seen in words or figures, or give --report FILE");
            if (result.GetValue(answering) > result.GetValue(pods))
                result.AddError("--answering is more than --pods");

            bool IsFormat(System.CommandLine.Parsing.SymbolResult child) =>
                child is System.CommandLine.Parsing.OptionResult option && option.Option == format;
        });
        command.SetAction(parsed =>
        {
            try
            {
                var seen = parsed.GetValue(report) is { } file
                    ? Symptoms.Of(ReportJson.ReadFile(file))
                    : new Symptoms();
                seen = seen with
                {
                    Words = string.Join(' ', parsed.GetValue(words) ?? []),
                    Pods = parsed.GetValue(pods) ?? seen.Pods,
                    Answering = parsed.GetValue(answering) ?? seen.Answering,
                    Status = parsed.GetValue(status) ?? seen.Status,
                    Failing = parsed.GetValue(status) is { } given ? !ResponseStatus.IsSuccess(given) : seen.Failing,
                    Diagnosis = parsed.GetValue(diagnosis) ?? seen.Diagnosis,
                    Release = parsed.GetValue(release) ?? seen.Release,
                };
                return Write(Console.Out, ScenarioMatcher.Rank(seen, ScenarioCatalog.All), parsed.IsJson(format));
            }
            catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                return AttackCommands.WriteProblems([e.Message]);
            }
        });
        return command;
    }

    private static Option<int?> Number(string name, int least, int most, string description)
    {
        var option = new Option<int?>(name) { HelpName = "N", Description = description };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is { } value && (value < least || value > most))
                result.AddError($"{name} {value} must be from {least} to {most}");
        });
        return option;
    }

    /// <summary>The command that shows a scenario.</summary>
    private static string CommandOf(Scenario scenario) => $"dotnet run --project AppHost -- --scenario {scenario.Name}";

    internal static int Write(TextWriter output, ImmutableArray<ScenarioMatch> ranked, bool json)
    {
        ImmutableArray<ScenarioMatch> fitting = [.. ranked.Where(m => m.Score > 0)];
        if (json)
            FormatOption.WriteJson(
                fitting.Select(m => new
                {
                    Rank = 1 + fitting.Count(o => o.Score > m.Score),
                    m.Scenario.Name,
                    m.Score,
                    m.For,
                    m.Against,
                    Command = CommandOf(m.Scenario),
                }),
                output
            );
        else
            WriteText(fitting, output);
        return (int)ExitCode.Success;
    }

    private static void WriteText(ImmutableArray<ScenarioMatch> fitting, TextWriter output)
    {
        if (fitting.IsEmpty)
        {
            output.WriteLine("no scenario fits: scenario list names them all");
            return;
        }
        var last = fitting[Math.Min(MaxShown, fitting.Length) - 1].Score;
        foreach (var rank in fitting.Where(m => m.Score >= last).GroupBy(m => m.Score))
        {
            var equal = rank.Count();
            if (equal > 1)
                output.WriteLine($"The next {equal} fit equally well: what is given does not tell them apart.");
            foreach (var match in rank)
            {
                var (scenario, place) = (match.Scenario, 1 + fitting.Count(o => o.Score > match.Score));
                output.WriteLine($"{place}. {scenario.Name}: {scenario.Synopsis.Symptom}");
                WriteList("for", match.For, output);
                WriteList("against", match.Against, output);
                output.WriteLine($"   {CommandOf(scenario)}");
            }
        }
    }

    private static void WriteList(string what, ImmutableArray<string> reasons, TextWriter output)
    {
        if (reasons.IsEmpty)
            return;
        var line = $"   {what}:";
        foreach (var word in string.Join("; ", reasons).Split(' '))
        {
            if (line.Length + 1 + word.Length > Width)
            {
                output.WriteLine(line);
                line = "     ";
            }
            line += $" {word}";
        }
        output.WriteLine(line);
    }
}
