using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Lab;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.AppHost.CommandLine;

/// <summary>The command line of AppHost.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="HostArguments">
/// Arguments that are none of the lab's, in their order: Aspire's own, such as <c>--operation publish</c>.
/// </param>
/// <param name="Exit">
/// Not null: everything has been said (help, version, what is wrong); end with this exit code.
/// </param>
public sealed record LabCommandLine(LabOptions Options, ImmutableArray<string> HostArguments, int? Exit)
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

    /// <summary>Parses the command line; says what is wrong with it, every problem on a line of its own.</summary>
    /// <param name="args">The arguments of the process.</param>
    /// <param name="output">Where help and version go; the console by default.</param>
    /// <param name="error">Where problems go; the console by default.</param>
    public static LabCommandLine Parse(string[] args, TextWriter? output = null, TextWriter? error = null)
    {
        LabCommandOptions symbols = new LabCommandOptions();
        symbols.Command.TreatUnmatchedTokensAsErrors = false;
        var parsed = symbols.Command.Parse(
            args,
            new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null }
        );
        ImmutableArray<string> rest = [.. parsed.UnmatchedTokens];
        if (parsed.Action is { } action && !ReferenceEquals(action, symbols.Command.Action) && parsed.Errors.Count == 0)
        {
            // --help or --version
            parsed.Invoke(
                new InvocationConfiguration { Output = output ?? Console.Out, Error = error ?? Console.Error }
            );
            return new LabCommandLine(new LabOptions(), rest, Exit: 0);
        }

        // What follows an unknown option is taken for its value: one complaint is enough.
        var unknown = rest.Where((token, i) => IsOption(token) || i == 0 || !IsOption(rest[i - 1]))
            .Select(token => Unknown(token, symbols));
        var problems = parsed.Errors.Select(Describe).Concat(unknown).OfType<string>().Distinct().ToList();
        if (problems.Count == 0)
            problems.AddRange(symbols.Conflicts(parsed));
        var options = problems.Count == 0 ? symbols.Read(parsed) : new LabOptions();
        if (problems.Count == 0)
            problems.AddRange(ReadInputs(options));
        foreach (var problem in problems)
            (error ?? Console.Error).WriteLine(problem);
        return new LabCommandLine(options, rest, problems.Count == 0 ? null : (int)ExitCode.BadUsage);
    }

    /// <summary>
    /// What is wrong with the scenario, its files or the agents' settings; better said before anything is started.
    /// </summary>
    private static IEnumerable<string> ReadInputs(LabOptions options)
    {
        try
        {
            if (options.Existing is { } existing)
            {
                existing.Read();
                return [];
            }
            CiliumConfig.Parse(options.ClusterSettings);
            var workers = options.Workers ?? options.LoadScenario().Topology.Workers;
            return options.ClientWorker > workers
                ?
                [
                    $"--client-worker {options.ClientWorker}: there are only {workers} workers; choose 1 to {workers}, or more with --workers",
                ]
                : [];
        }
        catch (Exception e) when (e is ScenarioException or FormatException)
        {
            return [e.Message];
        }
    }

    private static bool IsOption(string token) => token.StartsWith('-');

    /// <summary>
    /// The parser's own complaints in the form of ours; null for those about unknown arguments, which
    /// <see cref="Unknown"/> describes.
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

    /// <summary>What is wrong with an argument that is none of the lab's; null: it is left to Aspire.</summary>
    private static string? Unknown(string token, LabCommandOptions symbols)
    {
        var name = token.Split('=', ':')[0];
        if (s_aspireOptions.Contains(name, StringComparer.OrdinalIgnoreCase))
            return null;
        return IsOption(name) && Spelling.Nearest(name, symbols.Names) is { } near
            ? $"{name}: no such option; did you mean {near}?"
            : null;
    }
}
