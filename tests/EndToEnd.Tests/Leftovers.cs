using System.Diagnostics;

namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>What an application that has ended may not leave behind.</summary>
internal static class Leftovers
{
    /// <summary>The Aspire CLI's own: NuGet leaves it in every folder for temporary files.</summary>
    private const string NuGetFolder = "NuGetScratchroot";

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(5);

    /// <summary>Fails unless the processes have ended and the folder for temporary files is empty within 5 s.</summary>
    public static async Task ShouldBeGoneAsync(IReadOnlyList<int> processes, DirectoryInfo temporary)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < s_limit && (processes.Any(ProcessTable.IsRunning) || Files(temporary).Any()))
            await Task.Delay(50);
        processes.Where(ProcessTable.IsRunning).ShouldBeEmpty();
        Files(temporary).ShouldBeEmpty();
    }

    private static IEnumerable<string> Files(DirectoryInfo folder) =>
        folder.EnumerateFileSystemInfos().Select(f => f.Name).Where(n => n != NuGetFolder);
}
