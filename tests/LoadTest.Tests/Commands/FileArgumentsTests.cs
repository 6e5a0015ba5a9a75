using System.CommandLine;
using System.Diagnostics;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.LoadTest.Tests.Attack;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.LoadTest.Tests.Commands;

/// <summary>Files that the generator's commands read and write.</summary>
public sealed class FileArgumentsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("--output ''", "attack", "http://127.0.0.1:1/", "--output", "")]
    [InlineData("--hdr ''", "attack", "http://127.0.0.1:1/", "--hdr", "")]
    [InlineData("--targets ''", "attack", "--targets", "")]
    [InlineData("--body '@'", "attack", "http://127.0.0.1:1/", "--body", "@")]
    [InlineData("files ''", "report", "a.bin", "")]
    [InlineData("--hdr ''", "report", "a.bin", "--hdr", "")]
    [InlineData("files ''", "plot", "")]
    [InlineData("--output ''", "plot", "a.bin", "--output", "")]
    public void A_file_without_a_name_is_refused(string expected, params string[] words)
    {
        var root = new RootCommand();
        foreach (var command in AttackCommands.Build())
            root.Add(command);
        AttackCommands.Parse(root, words).Errors.ShouldHaveSingleItem().Message.ShouldStartWith(expected);
    }

    [Fact]
    public async Task A_histogram_log_that_cannot_be_written_is_refused_before_the_attack()
    {
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok()));
        var (exitCode, output, errors) = await RunAsync(
            "attack",
            $"http://{server.EndPoint}/",
            "--duration",
            "200ms",
            "--hdr",
            _folder
        );
        (exitCode, output).ShouldBe(((int)ExitCode.BadUsage, ""));
        errors.ShouldContain(_folder);
        server.Accepted.ShouldBe(0);
    }

    [Fact]
    public async Task A_histogram_log_takes_the_place_of_what_was_there()
    {
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok()));
        var path = Path.Combine(_folder, "attack.hdr");
        await File.WriteAllTextAsync(path, new string('x', 1 << 20), TestContext.Current.CancellationToken);
        (
            await RunAsync("attack", $"http://{server.EndPoint}/", "--duration", "200ms", "--hdr", path)
        ).ExitCode.ShouldBe((int)ExitCode.Success);
        HistogramLog.Read(path, out var results);
        results.ShouldNotBeNull().Accounting.Intended.ShouldBe(10);
        new FileInfo(path).Length.ShouldBeLessThan(1 << 20);
    }

    [Fact]
    public async Task Histograms_cannot_be_drawn_over_time_and_plot_says_what_can()
    {
        var path = Path.Combine(_folder, "attack.hdr");
        await using (var log = File.Create(path))
            HistogramLog.Write(new AttackResults(), log, DateTimeOffset.UnixEpoch);
        var (exitCode, _, errors) = await RunAsync("plot", path);

        exitCode.ShouldBe((int)ExitCode.BadUsage);
        errors.ShouldContain("give a file that attack --output wrote");
    }

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] words)
    {
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", ["exec", LoadTestProcess.Program, .. words])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var (output, errors) = await LoadTestProcess.ReadToEndAsync(process);
        return (process.ExitCode, output, errors);
    }
}
