using System.Globalization;

namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>The processes of this machine, as /proc shows them.</summary>
public sealed class ProcessTable
{
    private readonly List<(int Pid, int Parent, string[] Arguments)> _processes;

    private ProcessTable(List<(int, int, string[])> processes) => _processes = processes;

    /// <summary>Reads it.</summary>
    public static ProcessTable Read() =>
        new([
            .. Directory
                .EnumerateDirectories("/proc")
                .Select(Path.GetFileName)
                .Where(n => int.TryParse(n, out _))
                .Select(n => Read(n!))
                .OfType<(int, int, string[])>(),
        ]);

    /// <summary>Whether a process runs. A zombie has ended; its parent has yet to ask for its exit code.</summary>
    public static bool IsRunning(int pid)
    {
        try
        {
            return !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>The command line of a process; empty when it has ended.</summary>
    public static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>Processes that were started with an argument of this name and value.</summary>
    public IEnumerable<int> WithArgument(string name, int value) =>
        _processes
            .Where(p =>
                p.Arguments.Zip(p.Arguments.Skip(1)).Contains((name, value.ToString(CultureInfo.InvariantCulture)))
            )
            .Select(p => p.Pid);

    /// <summary>These processes, their children, and their children's children.</summary>
    public IReadOnlyList<int> Below(IEnumerable<int> roots)
    {
        List<int> found = [.. roots.Distinct()];
        for (var i = 0; i < found.Count; i++)
            found.AddRange(_processes.Where(p => p.Parent == found[i] && !found.Contains(p.Pid)).Select(p => p.Pid));
        return found;
    }

    private static (int, int, string[])? Read(string pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var parent = int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
            return (
                int.Parse(pid, CultureInfo.InvariantCulture),
                parent,
                File.ReadAllText($"/proc/{pid}/cmdline").Split('\0')
            );
        }
        catch (IOException)
        {
            return null;
        }
    }
}
