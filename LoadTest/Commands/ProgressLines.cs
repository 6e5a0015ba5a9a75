using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.LoadTest.Commands;

/// <summary>
/// Writes progress: lines that remain, and one that the next line replaces. Without a terminal the latter is written
/// only now and then.
/// </summary>
/// <param name="output">Where to.</param>
/// <param name="isTerminal">Whether a line can be replaced there.</param>
/// <param name="time">Time source.</param>
/// <param name="every">Time between two such lines without a terminal; null: 30 s.</param>
public sealed class ProgressLines(TextWriter output, bool isTerminal, TimeProvider time, TimeSpan? every = null)
{
    private const string ClearLine = "\r\u001b[2K";

    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(30);

    private readonly TimeSpan _every = every ?? s_every;
    private long _written = time.GetTimestamp();
    private bool _replaceable;

    /// <summary>Columns of a line where there is no terminal.</summary>
    public const int PlainWidth = 100;

    private const int BarColumns = 20;

    /// <summary>Writes a line.</summary>
    /// <param name="text">The line.</param>
    /// <param name="passing">Whether the next line replaces it.</param>
    /// <param name="done">The part that is done, 0 to 1, which a terminal shows as a bar; null: no bar.</param>
    public void Write(string text, bool passing, double? done = null)
    {
        text = TerminalText.Clean(text);
        if (passing && isTerminal)
        {
            output.Write($"{ClearLine}{Fit($"› {Bar(done)}{text}", Columns() - 1)}");
            output.Flush();
            _replaceable = true;
            return;
        }
        if (passing && time.GetElapsedTime(_written) < _every)
            return;
        _written = time.GetTimestamp();
        End();
        output.WriteLine(passing ? Fit($"› {text}", PlainWidth) : $"› {text}");
    }

    /// <summary>Removes the line that was to be replaced.</summary>
    public void End()
    {
        if (_replaceable)
            output.Write(ClearLine);
        _replaceable = false;
    }

    private static string Bar(double? done)
    {
        if (done is not { } part)
            return "";
        var full = (int)Math.Round(Math.Clamp(part, 0, 1) * BarColumns);
        return $"{new string('█', full)}{new string('░', BarColumns - full)} ";
    }

    private static string Fit(string text, int columns) => text.Length <= columns ? text : $"{text[..(columns - 1)]}…";

    // A line that is wider than the terminal could not be replaced whole.
    private static int Columns()
    {
        try
        {
            return Console.WindowWidth is > 20 and var width ? width : PlainWidth;
        }
        catch (IOException)
        {
            return PlainWidth;
        }
    }
}
