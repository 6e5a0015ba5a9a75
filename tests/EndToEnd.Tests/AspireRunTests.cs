using CiliumDebugging.Testing;

namespace CiliumDebugging.EndToEnd.Tests;

/// <summary><c>aspire run</c>: the application in the foreground, until Ctrl-C.</summary>
[Collection(LabsOfTheirOwn.Name)]
public sealed class AspireRunTests : IDisposable
{
    private static readonly TimeSpan s_endLimit = TimeSpan.FromSeconds(30);
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("aspire-run-");

    [Fact]
    public async Task Aspire_run_runs_the_lab_until_ctrl_c_and_leaves_nothing()
    {
        await AspireCli.RestoreAsync();
        using var run = AspireCli.Start(_temporary, "run", "--no-build", "--", "--manual");
        try
        {
            await AspireCli.UntilAllPodsAnswerAsync();
            run.HasExited.ShouldBeFalse();
            var processes = await AspireCli.ProcessesAsync();
            processes.Count.ShouldBeGreaterThanOrEqualTo(8); // with orchestrator, dashboard, cluster and four Pods

            await AspireCli.InterruptAsync(run);

            await run.WaitForExitAsync(TestContext.Current.CancellationToken)
                .WaitAsync(s_endLimit, TestContext.Current.CancellationToken);
            // The CLI ends before Aspire's orchestrator, which then ends Pods that .NET leaves diagnostic sockets of.
            await Eventually.HoldsAsync("every process has ended", () => !processes.Any(ProcessTable.IsRunning));
            _temporary.EnumerateFileSystemInfos("cilium-debugging-*").ShouldBeEmpty();
            _temporary.EnumerateFileSystemInfos("aspire-dcp*").ShouldBeEmpty();
        }
        finally
        {
            if (!run.HasExited)
                run.Kill(entireProcessTree: true);
        }
    }

    public void Dispose() => _temporary.Delete(recursive: true);
}
