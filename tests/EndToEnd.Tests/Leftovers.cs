using System.Diagnostics;

namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>What an application that has ended may not leave behind.</summary>
internal static class Leftovers
{
    /// <summary>The Aspire CLI's own: NuGet leaves it in every folder for temporary files.</summary>
    private const string NuGetFolder = "NuGetScratchroot";

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Fails unless the processes have ended and the folder for temporary files is empty within 10 s.
    /// </summary>
    /// <param name="processes">The processes.</param>
    /// <param name="temporary">The folder.</param>
    /// <param name="killed">
    /// A process that was killed: it cannot delete the diagnostic sockets that .NET made for it.
    /// </param>
    public static async Task ShouldBeGoneAsync(IReadOnlyList<int> processes, DirectoryInfo temporary, int killed = -1)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < s_limit && (processes.Any(ProcessTable.IsRunning) || Files(temporary, killed).Any()))
            await Task.Delay(50);
        processes.Where(ProcessTable.IsRunning).Select(ProcessTable.CommandLine).ShouldBeEmpty();
        Files(temporary, killed).ShouldBeEmpty();
    }

    private static IEnumerable<string> Files(DirectoryInfo folder, int killed) =>
        folder
            .EnumerateFileSystemInfos()
            .Select(f => f.Name)
            .Where(n => n != NuGetFolder && !n.Contains($"-{killed}-", StringComparison.Ordinal));
}
