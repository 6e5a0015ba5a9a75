using System.Diagnostics;
using CiliumDebugging.Measurement.Reports.Document;

namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>The lab as a whole: AppHost, the cluster process and the Pods as processes of their own.</summary>
[Collection(LabsOfTheirOwn.Name)]
public sealed class LabRunTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);
    private static readonly string[] s_short = ["--baseline", "2s", "--observe", "4s", "--rate", "100"];

    [Fact]
    public async Task One_command_reproduces_the_skew_and_says_so_beside_another_lab_without_it_and_a_listener_on_port_8080_of_all_addresses()
    {
        // In a network of its own: other tests' labs on this machine would keep a listener on all addresses out.
        using var network = PrivateNetwork.Create();
        var lab = $"dotnet exec '{Path.Combine(AppContext.BaseDirectory, "AppHost.dll")}'";

        var output = await network.RunAsync(
            $"""
            ASPNETCORE_URLS=http://0.0.0.0:8080 dotnet exec '{Path.Combine(
                AppContext.BaseDirectory,
                "Backend.dll"
            )}' >holder.log 2>&1 & holder=$!
            until (exec 3<>/dev/tcp/127.0.0.1/8080) 2>/dev/null; do kill -0 $holder || exit 1; done
            {lab} --once --baseline 2s --observe 10s >skewed.log 2>&1 & skewed=$!
            {lab} {string.Join(' ', s_short)} --set sandbox-sockets=per-node >even.log 2>&1 & even=$!
            wait $skewed; first=$?
            wait $even; second=$?
            kill $holder
            echo "holder $holder, exit codes $first $second"
            """,
            s_limit
        );

        var (skewed, even) = (network.Read("skewed.log"), network.Read("even.log"));
        output.ShouldContain("exit codes 0 3", customMessage: $"{skewed}\n{even}");
        skewed.ShouldContain("cause: two-sided-l7: HTTP rules on both sides");
        skewed.ShouldContain("cause        HTTP rules on both sides");
        skewed.ShouldContain("fix          remove the HTTP rules of one side");
        skewed.ShouldMatch(@"verdict      skewed; wrong in at most 1 of 10,000 runs");
        skewed.ShouldContain("client, proxies and backends agree exactly");
        skewed.ShouldContain("result       reproduced as expected (8 of 8 checks)");
        skewed.ShouldContain("report       artifacts/two-sided-l7-");
        even.ShouldMatch("verdict      (even|undecided)");
        even.ShouldContain("result       two-sided-l7 was NOT reproduced: ");
        even.ShouldContain("expected     observe: ");
        even.ShouldContain("client, proxies and backends agree exactly");
        var holder = output.Split(' ')[1].TrimEnd(',');
        foreach (var log in (string[])[skewed, even])
        {
            log.ShouldContain($"port 8080 is held on all addresses by dotnet (pid {holder})");
            log.ShouldContain("the lab listens 10000 higher instead");
        }
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    [InlineData("HUP", 129)]
    public async Task A_signal_ends_everything_with_its_exit_code_and_a_report_of_what_was_complete(
        string signal,
        int exitCode
    )
    {
        await using var lab = LabProcess.Start([.. s_short]);
        await lab.WaitForLineAsync("› observe", s_limit);
        var started = lab.Started();
        started.Count.ShouldBeGreaterThanOrEqualTo(8); // orchestrator, dashboard, cluster, three backends, load test

        var watch = Stopwatch.StartNew();
        lab.Signal(signal);

        (await lab.WaitAsync(TimeSpan.FromSeconds(30))).ShouldBe(exitCode, lab.Output);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
        lab.Output.ShouldNotContain("   at ");
        lab.Output.ShouldContain("ended early  the run was interrupted");
        var report = lab.Folder.GetFiles("report.json", SearchOption.AllDirectories).ShouldHaveSingleItem();
        ReportJson.ReadFile(report.FullName).EndedEarly.ShouldNotBeNull().ShouldStartWith("the run was interrupted");
        await Leftovers.ShouldBeGoneAsync(started, lab.Temporary);
    }

    [Fact]
    public async Task A_cluster_that_is_killed_is_named_and_what_was_complete_is_reported()
    {
        await using var lab = LabProcess.Start([.. s_short]);
        await lab.WaitForLineAsync("› observe", s_limit);
        var started = lab.Started();

        Process.GetProcessById(ProcessTable.Read().WithArgument("--exit-with", lab.Id).Single()).Kill();

        (await lab.WaitAsync(TimeSpan.FromSeconds(30))).ShouldBe(1, lab.Output);
        lab.Output.ShouldContain("ended early  the process cluster was killed");
        lab.Output.ShouldNotContain("   at ");
        lab.Folder.GetFiles("report.json", SearchOption.AllDirectories).ShouldHaveSingleItem();
        await Leftovers.ShouldBeGoneAsync(started, lab.Temporary);
    }

    [Fact]
    public async Task A_folder_for_reports_that_cannot_be_written_is_named_before_anything_is_run()
    {
        await using var lab = LabProcess.Start([.. s_short]);
        File.WriteAllText(Path.Combine(lab.Folder.FullName, "artifacts"), "");

        (await lab.WaitAsync(s_limit)).ShouldBe(1, lab.Output);

        lab.Output.ShouldContain($"the report cannot be written to {lab.Folder.FullName}/artifacts: ");
        lab.Output.ShouldContain("; nothing was run");
        lab.Output.ShouldNotContain("› baseline");
        lab.Output.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task The_lab_that_is_killed_takes_its_cluster_and_pods_with_it()
    {
        await using var lab = LabProcess.Start([.. s_short]);
        await lab.WaitForLineAsync("› baseline", s_limit);
        var started = lab.Started();

        lab.Signal("KILL");

        await lab.WaitAsync(TimeSpan.FromSeconds(30));
        var ended = Stopwatch.StartNew();
        while (started.Any(ProcessTable.IsRunning) && ended.Elapsed < TimeSpan.FromSeconds(15))
            await Task.Delay(50, TestContext.Current.CancellationToken);
        await Leftovers.ShouldBeGoneAsync(started, lab.Temporary, killed: lab.Id);
    }
}
