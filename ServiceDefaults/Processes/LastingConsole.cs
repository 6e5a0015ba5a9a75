using System.Text;

namespace CiliumDebugging.ServiceDefaults.Processes;

/// <summary>
/// Standard output and standard error that may be lost while a program runs: its terminal is closed (EIO), or the disk
/// behind a redirection is full. What is written then is lost, and the program goes on to write its report; at its end
/// <see cref="EndAsync"/> says so. A pipe whose reader has ended is not a failure: <c>| head</c>.
/// </summary>
public sealed class LastingConsole : TextWriter
{
    private static LastingConsole? s_output;
    private static bool s_isRedirected;

    private readonly TextWriter _inner;

    private LastingConsole(TextWriter inner)
        : base(inner.FormatProvider) => _inner = inner;

    /// <summary>The first failure; null: everything was written.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Uses it for the console of this process.</summary>
    public static void Install()
    {
        // A terminal that was closed is none any more when the program ends.
        s_isRedirected = Console.IsOutputRedirected;
        s_output = Around(Console.Out);
        Console.SetOut(s_output);
        Console.SetError(Around(Console.Error));
    }

    /// <summary>The same writer, whose failures do not end the program.</summary>
    public static LastingConsole Around(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        return new LastingConsole(writer);
    }

    /// <summary>
    /// The exit code of a program: where standard output was to be a file and could not be written, this is said, and
    /// what would have been success is a failure.
    /// </summary>
    /// <param name="exitCode">The code without that.</param>
    public static async Task<int> EndAsync(int exitCode)
    {
        if (!s_isRedirected || s_output?.Failure is not { } failure)
            return exitCode;
        await Console.Error.WriteLineAsync($"error: standard output cannot be written: {failure.Message}");
        return (ExitCode)exitCode is ExitCode.Success or ExitCode.NotReproduced or ExitCode.MachineTooSlow
            ? (int)ExitCode.Failed
            : exitCode;
    }

    /// <inheritdoc/>
    public override Encoding Encoding => _inner.Encoding;

    /// <inheritdoc/>
    public override void Write(char value) => Try(() => _inner.Write(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Try(() => _inner.Write(buffer, index, count));

    /// <inheritdoc/>
    public override void Write(string? value) => Try(() => _inner.Write(value));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Try(() => _inner.WriteLine(value));

    /// <inheritdoc/>
    public override void Flush() => Try(_inner.Flush);

    private void Try(Action write)
    {
        try
        {
            write();
        }
        // A descriptor that was closed before the program began is access that is denied.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Failure ??= e;
        }
    }
}
