namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// Writes progress: lines that remain, and one that the next line replaces. Without a terminal the latter is written
/// only now and then.
/// </summary>
/// <param name="output">Where to.</param>
/// <param name="isTerminal">Whether a line can be replaced there.</param>
/// <param name="time">Time source.</param>
internal sealed class ProgressLines(TextWriter output, bool isTerminal, TimeProvider time)
{
    private const string ClearLine = "\r\u001b[2K";

    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(30);

    private long _written = time.GetTimestamp();
    private bool _replaceable;

    /// <summary>Writes a line.</summary>
    /// <param name="text">The line.</param>
    /// <param name="passing">Whether the next line replaces it.</param>
    public void Write(string text, bool passing)
    {
        if (passing && isTerminal)
        {
            output.Write($"{ClearLine}› {text}");
            output.Flush();
            _replaceable = true;
            return;
        }
        if (passing && time.GetElapsedTime(_written) < s_every)
            return;
        _written = time.GetTimestamp();
        End();
        output.WriteLine($"› {text}");
    }

    /// <summary>Removes the line that was to be replaced.</summary>
    public void End()
    {
        if (_replaceable)
            output.Write(ClearLine);
        _replaceable = false;
    }
}
