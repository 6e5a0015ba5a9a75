using System.CommandLine;
using System.CommandLine.Parsing;
using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.LoadTest.Commands;

/// <summary>The generator's commands, for the room's entry point to add to its root.</summary>
public static class AttackCommands
{
    /// <summary><c>attack</c>, <c>report</c> and <c>plot</c>.</summary>
    public static IEnumerable<Command> Build() =>
        [
            AttackCommand
                .Build()
                .WithExamples(
                    "attack http://127.0.0.1:8080/ --rate 50/s --duration 60s",
                    "attack http://127.0.0.1:8080/ --rate 50/s --duration 60s --output r1.bin",
                    "attack --targets targets.json --rate 0 --max-in-flight 20"
                ),
            ReportCommand.BuildReport().WithExamples("report r1.bin", "report vegeta.json"),
            ReportCommand.BuildPlot().WithExamples("plot r1.bin --output plot.html"),
        ];

    /// <summary>How long a command may take to end after a signal.</summary>
    private static readonly TimeSpan s_endLimit = TimeSpan.FromSeconds(5);

    /// <summary>Runs the command line: every parse error on one line and exit 2; Ctrl-C, SIGTERM and a closed terminal
    /// reach the command as a cancellation, and it has 5 s to end. A command that says it was interrupted ends with the
    /// exit code of the signal.</summary>
    public static async Task<int> InvokeAsync(RootCommand root, string[] args)
    {
        ArgumentNullException.ThrowIfNull(root);
        LastingConsole.Install();
        return await LastingConsole.EndAsync(await Failures.RunProgramAsync(() => RunAsync(root, args)));
    }

    private static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        CommandHelp.ShowExamples(root);
        var parsed = Parse(root, args);
        if (CommandHelp.IsBare(parsed))
            parsed = Parse(root, [.. args, "--help"]);
        if (parsed.Errors.Count > 0)
            return WriteProblems(CommandHelp.Problems(parsed));
        using var signals = new EndSignals();
        var late = new TaskCompletionSource();
        using var watch = signals.Token.Register(() => _ = EndAsync());
        var command = parsed.InvokeAsync(
            new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false },
            signals.Token
        );
        var exitCode = await Task.WhenAny(command, late.Task) == command ? await command : (int)ExitCode.Interrupted;
        return exitCode is (int)ExitCode.Interrupted ? (int)(signals.ExitCode ?? ExitCode.Interrupted) : exitCode;

        async Task EndAsync()
        {
            await Task.Delay(s_endLimit, TimeProvider.System);
            late.TrySetResult();
        }
    }

    /// <summary>Parses a command line. A word that begins with @ is what it says (a body's file), not a file of further
    /// words.</summary>
    public static ParseResult Parse(RootCommand root, IReadOnlyList<string> args)
    {
        ArgumentNullException.ThrowIfNull(root);
        return root.Parse(
            CommandWords.WithEmptyValues(args),
            new ParserConfiguration { ResponseFileTokenReplacer = null }
        );
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

    /// <summary>Writes what an attack showed and what became of each request.</summary>
    public static void WriteResults(AttackResults results, bool json)
    {
        ArgumentNullException.ThrowIfNull(results);
        if (json)
        {
            FormatOption.WriteJson(AttackSummary.Of(results), Console.Out);
            return;
        }
        AttackReport.Write(results, Console.Out);
        results.Accounting.WriteTo(Console.Out);
    }

    /// <summary>How an attack ends whose results were shown: as a failure when its counts do not add up, which they say,
    /// or when no request was answered, which is said here.</summary>
    public static ExitCode EndOf(AttackAccounting accounting)
    {
        ArgumentNullException.ThrowIfNull(accounting);
        if (accounting.Discrepancies().Count > 0)
            return ExitCode.Failed;
        if (accounting.Responses > 0)
            return ExitCode.Success;
        return (ExitCode)WriteFailure(
            accounting.Started == 0
                ? "no request was sent"
                : $"no request was answered: {string.Join(", ", accounting.Parts())}"
        );
    }

    public static int WriteFailure(string message)
    {
        Console.Error.WriteLine($"error: {TerminalText.Clean(message)}");
        return (int)ExitCode.Failed;
    }

    public static int WriteProblems(IEnumerable<string> problems)
    {
        foreach (var problem in problems)
            Console.Error.WriteLine($"error: {TerminalText.Clean(problem)}");
        return (int)ExitCode.BadUsage;
    }

    private static void RefuseNothing(SymbolResult result, string name, string nothing)
    {
        if (result.Tokens.Any(token => token.Value == nothing))
            result.AddError($"{name} '{nothing}': expected the name of a file");
    }
}
