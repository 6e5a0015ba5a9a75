using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.ClusterSetup.Kind.Programs;

/// <summary>
/// An external program that failed. The message has the command to paste, its output, the cause and the next step.
/// </summary>
internal sealed class ProgramException : Exception
{
    private ProgramException(string message)
        : base(message) { }

    /// <summary>A call that ended with an exit code other than 0.</summary>
    public static ProgramException Failed(ProgramCall call, ProgramResult result)
    {
        var output = Secrets.Hide(string.Join('\n', new[] { result.Output, result.Error }.Where(t => t.Length > 0)));
        var (cause, next) = KnownFailures.Explain(call.Program, output);
        return new ProgramException(
            Text($"{call.Program} failed with exit code {result.ExitCode}", call, output, cause, next)
        );
    }

    /// <summary>A program that is not installed, or cannot be started.</summary>
    public static ProgramException Missing(ProgramCall call, string why) =>
        new(
            Text(
                $"{call.Program} cannot be started",
                call,
                "",
                why,
                $"install it ({ProgramGuide.HowToGet(call.Program)}) and see that it is on PATH"
            )
        );

    /// <summary>A call that took too long and was ended.</summary>
    public static ProgramException TooSlow(ProgramCall call, ProgramResult soFar) =>
        new(
            Text(
                $"{call.Program} was ended after {call.Limit.TotalSeconds:0} s",
                call,
                Secrets.Hide($"{soFar.Output}\n{soFar.Error}".Trim()),
                "it takes longer than it should: "
                    + "a slow download, a machine that is too busy, or a program that waits for something",
                "run the command manually to see what it waits for, then repeat the command"
            )
        );

    /// <summary>A call that succeeded with an output that cannot be read.</summary>
    public static ProgramException Garbled(ProgramCall call, string output, string expected) =>
        new(
            Text(
                $"{call.Program} wrote something unexpected",
                call,
                Secrets.Hide(output),
                $"expected {expected}; another program of this name may come first on PATH",
                $"look at `command -v {call.Program}`"
            )
        );

    private static string Text(string what, ProgramCall call, string output, string cause, string next)
    {
        var lines = new List<string> { $"{what}:", $"  $ {Secrets.Hide(call.ToString())}" };
        lines.AddRange(output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => "    " + l.TrimEnd()));
        lines.Add($"  cause: {cause}");
        lines.Add($"  next:  {next}");
        return string.Join(Environment.NewLine, lines);
    }
}
