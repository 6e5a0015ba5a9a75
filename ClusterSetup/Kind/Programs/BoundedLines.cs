namespace CiliumDebugging.ClusterSetup.Kind.Programs;

/// <summary>The last lines of an output, each cut at a length. Thread-safe.</summary>
internal sealed class BoundedLines(int lines, int charactersPerLine)
{
    private readonly Lock _lock = new();
    private readonly Queue<string> _kept = new();

    public void Add(string line)
    {
        lock (_lock)
        {
            _kept.Enqueue(line.Length > charactersPerLine ? line[..charactersPerLine] + "…" : line);
            if (_kept.Count > lines)
                _kept.Dequeue();
        }
    }

    public override string ToString()
    {
        lock (_lock)
            return string.Join('\n', _kept);
    }
}
