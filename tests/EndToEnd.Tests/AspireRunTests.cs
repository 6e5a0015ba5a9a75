namespace CiliumDebugging.EndToEnd.Tests;

/// <summary><c>aspire run</c>: the application in the foreground, until Ctrl-C.</summary>
[Collection("labs of their own")]
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
            await Leftovers.ShouldBeGoneAsync(processes, _temporary);
        }
        finally
        {
            if (!run.HasExited)
                run.Kill(entireProcessTree: true);
        }
    }

    public void Dispose() => _temporary.Delete(recursive: true);
}
