namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>The commands of the Aspire CLI on this application, as its users type them.</summary>
[Collection(LabsOfTheirOwn.Name)]
public sealed class AspireCliTests : IClassFixture<StartedByCli>
{
    [Fact]
    public async Task Describe_lists_the_cluster_its_workloads_and_each_pod()
    {
        var names = await AspireCli.ResourcesAsync();

        foreach (var name in (string[])["cluster", "backend-1", "load-test-1", "distribution"])
            names.ShouldContain(name);
        names.Count(n => n.StartsWith("backend-1-", StringComparison.Ordinal)).ShouldBe(3);
    }

    [Fact]
    public async Task Wait_and_logs_work_on_the_row_of_a_pod()
    {
        // To the CLI a Pod that receives nothing is in a failed state: another test's policy may just have been
        // removed.
        await AspireCli.UntilAllPodsAnswerAsync();
        var names = await AspireCli.ResourcesAsync();
        var pod = names.First(n => n.StartsWith("backend-1-", StringComparison.Ordinal));

        await AspireCli.RunAsync("wait", pod, "--status", "up", "--timeout", "60");
        (await AspireCli.RunAsync("logs", pod)).ShouldContain("Now listening on");
    }

    [Fact]
    public async Task Resource_carries_out_a_command_and_otel_traces_shows_the_requests()
    {
        await AspireCli.RunAsync("resource", "distribution", "apply-load-test-policy");
        await AspireCli.UntilAsync(["describe", "--format", "Json"], "1 of 3 pods answers");
        await AspireCli.UntilAsync(["otel", "traces", "--format", "Json", "--has-error", "true"], "POST backend-1");
        await AspireCli.RunAsync("resource", "distribution", "remove-load-test-policy");
        await AspireCli.UntilAllPodsAnswerAsync();
    }

    [Fact]
    public async Task Resource_takes_arguments_and_refuses_an_unknown_scenario()
    {
        await AspireCli.RunAsync("resource", "backend-1", "scale", "--replicas", "3");

        (
            await AspireCli.TryAsync("resource", "distribution", "run-scenario", "--scenario", "no-such-scenario")
        ).ExitCode.ShouldNotBe(0);
    }
}
