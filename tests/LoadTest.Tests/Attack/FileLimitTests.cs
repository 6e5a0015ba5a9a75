using System.Diagnostics;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>The load generator where it may open fewer files than it needs connections.</summary>
public sealed class FileLimitTests
{
    public static TheoryData<string> Engines => EngineContractTests.AtTheRate;

    [Theory, MemberData(nameof(Engines))]
    public async Task Connections_beyond_the_limit_of_open_files_are_connect_errors_and_the_run_goes_on(string engine)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the limit is set by ulimit");
        await using var server = new TestServer((_, stop) => Task.Delay(Timeout.Infinite, stop));
        using var process = Process.Start(
            new ProcessStartInfo(
                "bash",
                [
                    "-c",
                    "ulimit -n 200; exec dotnet exec \"$@\"",
                    "bash",
                    LoadTestProcess.Program,
                    "attack",
                    $"http://{server.EndPoint}/",
                    "--rate",
                    "1000/s",
                    "--duration",
                    "500ms",
                    "--timeout",
                    "2s",
                    "--engine",
                    engine,
                ]
            )
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var (output, errors) = await LoadTestProcess.ReadToEndAsync(process);

        output.ShouldContain(" × connect error EMFILE");
        output.ShouldContain("intended 500 = ");
        // Those that were opened get no answer.
        errors.ShouldContain("error: no request was answered: ");
        errors.ShouldNotContain("   at ");
        process.ExitCode.ShouldBe(1);
    }
}
