using System.Diagnostics;
using CiliumDebugging.ClusterSetup.Commands;
using CiliumDebugging.ServiceDefaults.Processes;

namespace CiliumDebugging.ClusterSetup.Tests.Commands;

/// <summary>Data that was not written is a failure; a reader that has seen enough is not.</summary>
public sealed class OutputTests
{
    [Theory]
    [InlineData("scenario list", "> /dev/full", 1, "No space left on device")]
    [InlineData("manifests", "> /dev/full", 1, "No space left on device")]
    [InlineData("completion bash", "> /dev/full", 1, "No space left on device")]
    [InlineData("scenario list", ">&-", 1, "")]
    [InlineData("manifests", "| head -1", 0, null)]
    public async Task A_command_whose_output_is_lost_says_so_and_fails(
        string words,
        string redirection,
        int exitCode,
        string? cause
    )
    {
        var command =
            $"'{DotnetProcess.DotnetHost()}' '{typeof(ClusterChoice).Assembly.Location}' {words} {redirection}";
        using var program = Process.Start(
            new ProcessStartInfo("bash", ["-o", "pipefail", "-c", command])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            }
        )!;
        var output = program.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await program.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await program.WaitForExitAsync(TestContext.Current.CancellationToken);
        await output;
        if (cause is null)
            errors.ShouldBe("");
        else
            errors.TrimEnd().ShouldMatch($"^error: standard output cannot be written: .*{cause}");
        program.ExitCode.ShouldBe(exitCode, errors);
    }
}
