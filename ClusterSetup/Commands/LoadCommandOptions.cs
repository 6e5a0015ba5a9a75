using System.CommandLine;
using System.CommandLine.Completions;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>The scenario of a command, and its load.</summary>
internal sealed class LoadCommandOptions
{
    public Argument<string> Scenario { get; } = OfScenario();

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

    public Option<bool> Verbose { get; } =
        new("--verbose") { Description = "Print every count, interval and verdict at the end, not only the summary." };

    public IEnumerable<Option> Options => [Rate, Baseline, Observe, Output, Verbose];

    /// <summary>The argument that names a scenario; shells complete it.</summary>
    public static Argument<string> OfScenario() =>
        new("scenario")
        {
            Description = $"Name or folder of the scenario: {string.Join(", ", ScenarioCatalog.Names)}.",
            CompletionSources = { _ => ScenarioCatalog.Names.Select(name => new CompletionItem(name)) },
        };

    /// <summary>The scenario with the given load.</summary>
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
                    $"{name} {argument.Tokens[0].Value}: must be a time greater than 0 and at most 24h, "
                        + $"for example {name} 30s"
                );
                return null;
            },
        };
}
