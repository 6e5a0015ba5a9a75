using System.CommandLine;
using System.CommandLine.Parsing;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.LoadTest.Commands;

/// <summary>The generator's commands, for the room's entry point to add to its root.</summary>
public static class AttackCommands
{
    /// <summary><c>attack</c>, <c>report</c> and <c>plot</c>.</summary>
    public static IEnumerable<Command> Build() =>
        [AttackCommand.Build(), ReportCommand.BuildReport(), ReportCommand.BuildPlot()];

    /// <summary>Runs the command line: every parse error on one line and exit 2; Ctrl-C reaches the command as a
    /// cancellation, and it has 3 s to end.</summary>
    public static async Task<int> InvokeAsync(RootCommand root, string[] args)
    {
        ArgumentNullException.ThrowIfNull(root);
        var parsed = Parse(root, args);
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync(
                new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(3) }
            );
        return WriteProblems(parsed.Errors.Select(error => error.Message));
    }

    /// <summary>Parses a command line. A word that begins with @ is what it says (a body's file), not a file of further
    /// words.</summary>
    public static ParseResult Parse(RootCommand root, IReadOnlyList<string> args)
    {
        ArgumentNullException.ThrowIfNull(root);
        return root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
    }

    /// <summary>An option that names a file refuses what names none, as a variable that a script has not set.</summary>
    /// <param name="option">The option.</param>
    /// <param name="nothing">How no file is written.</param>
    public static Option<T> OfFile<T>(Option<T> option, string nothing = "")
    {
        option.Validators.Add(result => RefuseNothing(result, option.Name, nothing));
        return option;
    }

    /// <inheritdoc cref="OfFile{T}(Option{T}, string)"/>
    public static Argument<T> OfFile<T>(Argument<T> argument, string nothing = "")
    {
        argument.Validators.Add(result => RefuseNothing(result, argument.Name, nothing));
        return argument;
    }

    public static int WriteFailure(string message)
    {
        Console.Error.WriteLine($"error: {message}");
        return (int)ExitCode.Failed;
    }

    public static int WriteProblems(IEnumerable<string> problems)
    {
        foreach (var problem in problems)
            Console.Error.WriteLine($"error: {problem}");
        return (int)ExitCode.BadUsage;
    }

    private static void RefuseNothing(SymbolResult result, string name, string nothing)
    {
        if (result.Tokens.Any(token => token.Value == nothing))
            result.AddError($"{name} '{nothing}': expected the name of a file");
    }
}
