using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using CiliumDebugging.Lab;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.AppHost.CommandLine;

/// <summary>The arguments of AppHost, parsed.</summary>
/// <param name="Options">What they ask for; null: everything has been printed (help, version, problems).</param>
/// <param name="HostArguments">Aspire's own arguments, such as <c>--operation publish</c>, in their order.</param>
/// <param name="ExitCode">Exit code of the process where there are no options.</param>
internal sealed record AppHostArguments(
    AppHostOptions? Options,
    ImmutableArray<string> HostArguments,
    ExitCode ExitCode = ExitCode.Success
)
{
    private static readonly string[] s_aspireOptions =
    [
        "--operation",
        "--step",
        "--output-path",
        "--publisher",
        "--log-level",
        "--environment",
        "--include-exception-details",
        "--clear-cache",
        "--contentRoot",
        "--applicationName",
    ];

    /// <summary>Parses the arguments and prints what is wrong with them, one problem a line.</summary>
    /// <param name="args">The arguments of the process.</param>
    /// <param name="output">Receives help and version; the console by default.</param>
    /// <param name="error">Receives problems; the console by default.</param>
    public static AppHostArguments Parse(string[] args, TextWriter? output = null, TextWriter? error = null)
    {
        output ??= Console.Out;
        error ??= Console.Error;
        var command = new AppHostCommand();
        var parsed = command.Parse(args);
        ImmutableArray<string> rest = [.. parsed.UnmatchedTokens];
        if (command.IsHelpOrVersion(parsed))
        {
            parsed.Invoke(new InvocationConfiguration { Output = output, Error = error });
            return new AppHostArguments(Options: null, rest);
        }
        List<string> problems = [.. ProblemsOf(parsed, rest, command)];
        if (problems.Count == 0)
            problems.AddRange(command.Conflicts(parsed));
        var options = problems.Count == 0 ? Read(command, parsed, problems) : null;
        foreach (var problem in problems)
            error.WriteLine(problem);
        return problems.Count == 0
            ? new AppHostArguments(options, rest)
            : new AppHostArguments(Options: null, rest, ExitCode.BadUsage);
    }

    /// <summary>Reads the scenario, and checks what it names before anything is started.</summary>
    private static AppHostOptions? Read(AppHostCommand command, ParseResult parsed, List<string> problems)
    {
        try
        {
            return command.Read(parsed);
        }
        catch (Exception e) when (e is ScenarioException or FormatException)
        {
            problems.Add(e.Message);
            return null;
        }
    }

    private static IEnumerable<string> ProblemsOf(
        ParseResult parsed,
        ImmutableArray<string> rest,
        AppHostCommand command
    )
    {
        // What follows an unknown option is its value: one message is enough.
        var unknown = rest.Where((token, i) => IsOption(token) || i == 0 || !IsOption(rest[i - 1]));
        return parsed
            .Errors.Select(Describe)
            .Concat(unknown.Select(token => DescribeUnknown(token, command)))
            .OfType<string>()
            .Distinct();
    }

    private static bool IsOption(string token) => token.StartsWith('-');

    /// <summary>
    /// The parser's own message in our form; null for unknown arguments (<see cref="DescribeUnknown"/>).
    /// </summary>
    private static string? Describe(ParseError error) =>
        error.SymbolResult switch
        {
            CommandResult => null,
            OptionResult { Tokens.Count: 0 } option => $"{option.Option.Name}: needs a value; --help shows which",
            OptionResult { Tokens.Count: > 1, Option.AllowMultipleArgumentsPerToken: false } option
                when !error.Message.StartsWith(option.Option.Name, StringComparison.Ordinal) =>
                $"{option.Option.Name} {string.Join(' ', option.Tokens.Select(t => t.Value))}: give it once",
            _ => error.Message,
        };

    /// <summary>What is wrong with an argument that AppHost does not know; null: it is left to Aspire.</summary>
    private static string? DescribeUnknown(string token, AppHostCommand command)
    {
        var name = token.Split('=', ':')[0];
        var isAspires = s_aspireOptions.Contains(name, StringComparer.OrdinalIgnoreCase);
        return !isAspires && IsOption(name) && Spelling.Nearest(name, command.Names) is { } near
            ? $"{name}: no such option; did you mean {near}?"
            : null;
    }
}
