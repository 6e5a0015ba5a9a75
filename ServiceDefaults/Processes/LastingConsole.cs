using System.Text;

namespace CiliumDebugging.ServiceDefaults.Processes;

/// <summary>
/// Standard output and standard error that may be lost while a program runs: its terminal is closed (EIO), or the disk
/// behind a redirection is full. What is written then is lost, and the program goes on to write its report.
/// </summary>
public sealed class LastingConsole : TextWriter
{
    private readonly TextWriter _inner;

    private LastingConsole(TextWriter inner)
        : base(inner.FormatProvider) => _inner = inner;

    /// <summary>Uses it for the console of this process.</summary>
    public static void Install()
    {
        Console.SetOut(Around(Console.Out));
        Console.SetError(Around(Console.Error));
    }

    /// <summary>The same writer, whose failures are ignored.</summary>
    public static TextWriter Around(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        return new LastingConsole(writer);
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

    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (IOException)
        {
            // There is no console any more.
        }
    }
}
