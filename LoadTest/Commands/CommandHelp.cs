using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;

namespace CiliumDebugging.LoadTest.Commands;

/// <summary>What all command lines have in common: examples in help, and help for what is misspelt.</summary>
public static class CommandHelp
{
    /// <summary>A word with more changed letters than this part of it is another word.</summary>
    private const double MaxChanged = 0.4;

    private static readonly Dictionary<Command, string[]> s_examples = [];

    /// <summary>Adds examples to a command's help.</summary>
    /// <param name="command">The command.</param>
    /// <param name="examples">Command lines without the program's name.</param>
    public static Command WithExamples(this Command command, params string[] examples)
    {
        s_examples[command] = examples;
        return command;
    }

    /// <summary>A command's examples; none: it has none.</summary>
    public static IReadOnlyList<string> ExamplesOf(Command command) => s_examples.GetValueOrDefault(command) ?? [];

    /// <summary>Makes the help of a program and of all its commands show their examples.</summary>
    public static void ShowExamples(RootCommand root)
    {
        ArgumentNullException.ThrowIfNull(root);
        foreach (var option in root.Options.OfType<HelpOption>())
            if (option.Action is HelpAction help)
                option.Action = new HelpWithExamples(help, ProgramName() ?? root.Name);
    }

    /// <summary>
    /// The name of a program as an installed tool, which its usage shows; null: it is not packed as one.
    /// </summary>
    private static string? ProgramName() =>
        Assembly
            .GetEntryAssembly()
            ?.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(a => a.Key == "System.CommandLine.ToolCommandName")
            ?.Value;

    /// <summary>Whether only commands that contain other commands were named: help is what is wanted.</summary>
    public static bool IsBare(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return parsed.CommandResult.Command is { Subcommands.Count: > 0, Action: null }
            && parsed.UnmatchedTokens.Count == 0
            && parsed.CommandResult.Children.All(c => c.Tokens.Count == 0);
    }

    /// <summary>The problems of a command line, with the word that was probably meant.</summary>
    public static IEnumerable<string> Problems(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        var command = parsed.CommandResult.Command;
        string[] known = [.. command.Subcommands.Select(c => c.Name), .. command.Options.Select(o => o.Name)];
        var meant = parsed
            .UnmatchedTokens.Select(t => (Word: t, Near: Nearest(t, known)))
            .Where(m => m.Near is not null)
            .ToList();
        foreach (var error in parsed.Errors.Select(e => e.Message).Distinct(StringComparer.Ordinal))
        {
            if (meant.Count > 0 && error.StartsWith("Required command", StringComparison.Ordinal))
                continue; // the word is there, misspelt
            var near = meant.FirstOrDefault(m => error.Contains($"'{m.Word}'", StringComparison.Ordinal)).Near;
            yield return near is null ? error : $"{error.TrimEnd('.')}; did you mean '{near}'?";
        }
    }

    /// <summary>The known word with the fewest changed letters; null when none is near.</summary>
    internal static string? Nearest(string word, IEnumerable<string> known) =>
        known
            .Select(k => (Word: k, Changed: Distance(word, k)))
            .Where(k => k.Changed <= Math.Ceiling(MaxChanged * Math.Min(word.Length, k.Word.Length)))
            .OrderBy(k => k.Changed)
            .Select(k => k.Word)
            .FirstOrDefault();

    /// <summary>Levenshtein's distance: letters to insert, delete or replace.</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }

    private sealed class HelpWithExamples(HelpAction help, string program) : SynchronousCommandLineAction
    {
        // Help is wanted, whatever else is missing.
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var exitCode = help.Invoke(parseResult);
            var examples = ExamplesOf(parseResult.CommandResult.Command);
            if (examples.Count == 0)
                return exitCode;
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in examples)
                output.WriteLine($"  {program} {example}");
            output.WriteLine();
            return exitCode;
        }
    }
}
