using System.Globalization;

namespace CiliumDebugging.ServiceDefaults.Processes;

/// <summary>How many files this process may have open at once (RLIMIT_NOFILE of Linux).</summary>
public static class FileLimit
{
    private const string Limits = "/proc/self/limits";
    private const string Name = "Max open files";

    /// <summary>That of this process; null where it is not known, or unlimited.</summary>
    public static int? Current => File.Exists(Limits) ? Of(File.ReadAllText(Limits)) : null;

    /// <summary>That of a text of <c>/proc/PID/limits</c>: the hard limit, to which .NET raises the soft one.</summary>
    /// <param name="limits">The text.</param>
    public static int? Of(string limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        var numbers = limits
            .Split('\n')
            .FirstOrDefault(l => l.StartsWith(Name, StringComparison.Ordinal))
            ?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return
            numbers is [_, var hard, ..]
            && int.TryParse(hard, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            ? limit
            : null;
    }
}
