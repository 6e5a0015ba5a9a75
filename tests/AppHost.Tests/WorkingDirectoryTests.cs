using System.Diagnostics;
using CiliumDebugging.Testing;

namespace CiliumDebugging.AppHost.Tests;

/// <summary>Where <c>dotnet run --project …</c> runs the applications.</summary>
public sealed class WorkingDirectoryTests
{
    [Theory]
    [InlineData("AppHost")]
    [InlineData("ClusterSetup")]
    [InlineData("LoadTest")]
    [InlineData("Backend")]
    public async Task A_program_runs_in_the_folder_where_the_command_was_typed(string project)
    {
        using var msbuild = Process.Start(
            new ProcessStartInfo(
                "dotnet",
                ["msbuild", Path.Combine(Repository.Root, project), "-getProperty:RunWorkingDirectory"]
            )
            {
                RedirectStandardOutput = true,
                WorkingDirectory = Path.GetTempPath(),
            }
        )!;
        var folder = await msbuild.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await msbuild.WaitForExitAsync(TestContext.Current.CancellationToken);

        msbuild.ExitCode.ShouldBe(0);
        folder
            .Trim()
            .TrimEnd(Path.DirectorySeparatorChar)
            .ShouldBeOneOf("", Path.GetTempPath().TrimEnd(Path.DirectorySeparatorChar));
    }
}
