using System.Diagnostics;

namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>The lab as a whole: AppHost, the cluster process and the Pods as processes of their own.</summary>
[Collection("labs of their own")]
public sealed class LabRunTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);
    private static readonly string[] s_short = ["--baseline", "2s", "--observe", "4s", "--rate", "100"];

    [Fact]
    public async Task One_command_reproduces_the_skew_and_says_so()
    {
        await using var lab = LabProcess.Start("--once");

        (await lab.WaitAsync(s_limit)).ShouldBe(0, lab.Output);

        lab.Output.ShouldContain("diagnosis    two-sided-l7: HTTP rules on both sides");
        lab.Output.ShouldContain("Consistent with cil#14268");
        lab.Output.ShouldContain("client, proxies and backends agree exactly");
        lab.Output.ShouldContain("expectation  holds (8 of 8)");
        lab.Output.ShouldContain("no skew found yet, shares known to");
        lab.Output.ShouldContain("report       artifacts/two-sided-l7-");
    }

    [Fact]
    public async Task With_sockets_per_node_the_expectation_does_not_hold_and_the_exit_code_says_so()
    {
        await using var lab = LabProcess.Start([.. s_short, "--set", "sandbox-sockets=per-node"]);

        (await lab.WaitAsync(s_limit)).ShouldBe(3, lab.Output);

        lab.Output.ShouldContain("diagnosis    even: Every request succeeds");
        lab.Output.ShouldContain("does not hold: observe: requests fail; 0 of");
        lab.Output.ShouldContain("client, proxies and backends agree exactly");
    }

    [Fact]
    public async Task Two_labs_at_once_beside_a_listener_on_port_8080_of_all_addresses()
    {
        // In a network of its own: other tests' labs on this machine would keep a listener on all addresses out.
        using var network = PrivateNetwork.Create();
        var lab = $"dotnet exec '{Path.Combine(AppContext.BaseDirectory, "AppHost.dll")}' {string.Join(' ', s_short)}";

        var output = await network.RunAsync($"""
            ASPNETCORE_URLS=http://0.0.0.0:8080 dotnet exec '{Path.Combine(AppContext.BaseDirectory, "Backend.dll")}' >holder.log 2>&1 & holder=$!
            until (exec 3<>/dev/tcp/127.0.0.1/8080) 2>/dev/null; do kill -0 $holder || exit 1; done
            {lab} >one.log 2>&1 & one=$!
            {lab} >two.log 2>&1 & two=$!
            wait $one; first=$?
            wait $two; second=$?
            kill $holder
            echo "holder $holder, exit codes $first $second"
            """, s_limit);

        output.ShouldContain("exit codes 0 0", customMessage: $"{network.Read("one.log")}\n{network.Read("two.log")}");
        var holder = output.Split(' ')[1].TrimEnd(',');
        foreach (var log in (string[])["one.log", "two.log"])
        {
            network.Read(log).ShouldContain($"port 8080 is held on all addresses by dotnet (pid {holder})");
            network.Read(log).ShouldContain("the lab listens 10000 higher instead");
        }
    }

    [Fact]
    public async Task Ctrl_c_ends_everything_within_three_seconds_with_exit_code_130()
    {
        await using var lab = LabProcess.Start([.. s_short]);
        await lab.WaitForLineAsync("› baseline", s_limit);
        var started = lab.Descendants();
        started.Count.ShouldBeGreaterThanOrEqualTo(5); // cluster, three backends, load test

        var watch = Stopwatch.StartNew();
        lab.Interrupt();

        (await lab.WaitAsync(TimeSpan.FromSeconds(30))).ShouldBe(130, lab.Output);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(3));
        started.Where(IsRunning).ShouldBeEmpty();
        lab.Output.ShouldNotContain("   at ");
    }

    private static bool IsRunning(int pid)
    {
        try
        {
            // A zombie has ended; its parent has yet to ask for its exit code.
            return !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
