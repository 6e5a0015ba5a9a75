using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.Lab.Running;

/// <summary>
/// Load before a run on the embedded cluster, whose programs are compiled while they run: a few seconds of a high rate
/// at once leave thousands of requests waiting in them, and that queue would be measured. The load comes from ports
/// that the run does not use, so no conntrack entry of it meets a connection of the run, and it has ended before the
/// first count is read.
/// </summary>
internal static class WarmUpLoad
{
    /// <summary>From this rate on, requests/s. Below it, compiled code or not, no queue was seen.</summary>
    public const double FromRate = 500;

    private const int LowestPort = 10_000;
    private const int FewestPorts = 5_000;
    private const int MinInFlight = 16;
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1),
        s_limit = TimeSpan.FromSeconds(20),
        s_timeout = TimeSpan.FromSeconds(1);

    /// <summary>What is sent before this load; null: nothing.</summary>
    /// <param name="load">The run's load.</param>
    public static AttackOrder? For(AttackOrder load)
    {
        var (ports, _) = ClientPortRange.Parse(load.Ports ?? "odd");
        if (load.RatePerSecond < FromRate || load.KeepAliveConnections > 0 || ports.First < LowestPort + FewestPorts)
            return null;
        return load with
        {
            Ports = $"{LowestPort}-{ports.First - 1}",
            // What is due while a fifth of a second of requests waits is not sent: no queue builds up.
            MaxInFlight = Math.Max(MinInFlight, (int)(load.RatePerSecond / 5)),
            TimeoutSeconds = s_timeout.TotalSeconds,
        };
    }

    /// <summary>Sends the load until every request of one second could be sent, for 20 s at most. One that is
    /// cancelled does not stop it.</summary>
    /// <returns>Whether the lab keeps up.</returns>
    public static async Task<bool> RunAsync(
        LoadTestClient client,
        AttackOrder load,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        await client.StartAsync(load, cancellationToken);
        var begun = time.GetTimestamp();
        var (notSent, keepsUp) = (-1L, false);
        while (!keepsUp && time.GetElapsedTime(begun) < s_limit)
        {
            await Task.Delay(s_look, time, cancellationToken);
            var state = await client.StateAsync(cancellationToken);
            (keepsUp, notSent) = (state.NotSent == notSent, state.NotSent);
        }
        await client.StopAsync(cancellationToken);
        return keepsUp;
    }
}
