namespace CiliumDebugging.ServiceDefaults.Processes;

/// <summary>What is said of exceptions.</summary>
public static class Failures
{
    private const int MaxMessage = 500;

    /// <summary>The message of an exception; where that points to an inner one (as of a refused certificate), the
    /// message of that one.</summary>
    public static string Cause(this Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        while (
            failure.InnerException is { } inner
            && (
                failure is AggregateException or System.Reflection.TargetInvocationException
                || failure.Message.Contains("inner exception", StringComparison.OrdinalIgnoreCase)
            )
        )
            failure = inner;
        return failure.Message;
    }

    /// <summary>Runs a program to its end. What it does not expect is one line, without a stack trace, and exit
    /// code 1.</summary>
    public static async Task<int> RunProgramAsync(Func<Task<int>> program)
    {
        ArgumentNullException.ThrowIfNull(program);
        try
        {
            return await program();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            await Console.Error.WriteLineAsync(Describe(e));
            return (int)ExitCode.Failed;
        }
    }

    /// <summary>One line about an exception that nothing expected: its cause, and where to report it from.</summary>
    public static string Describe(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        var origin = failure.GetBaseException();
        var at = origin.TargetSite is { } method ? $" in {method.DeclaringType?.Name}.{method.Name}" : "";
        var message = TerminalText.OneLine(failure.Cause(), MaxMessage);
        return $"error: {message} (unexpected {origin.GetType().Name}{at}: a defect of this program, please report it)";
    }
}
