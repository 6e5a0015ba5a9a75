using System.Net;
using System.Net.Sockets;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>
/// What happens when Pods are deleted: those of the lab are replaced, those of the agents read their settings again.
/// </summary>
[Collection(LiveClusters.Name)]
public class RestartTests
{
    [Fact]
    public async Task A_deleted_pod_finishes_its_requests_and_another_one_takes_its_place()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var (client, before) = await lab.ReadyAsync();
        var old = before[0];
        using var underWay = await RawConnection.OpenAsync(
            IPAddress.Parse(client.Status.PodIP),
            lab.EndPoint(old.Status.PodIP)
        );
        await underWay.SendAsync("POST /echo HTTP/1.1\r\nHost: b\r\nContent-Length: 6\r\n\r\nfoo");
        // The splice has reached the Pod when the Pod answers on another connection that began later.
        using (
            var later = await RawConnection.OpenAsync(
                IPAddress.Parse(client.Status.PodIP),
                lab.EndPoint(old.Status.PodIP)
            )
        )
        {
            await later.RequestAsync("POST", "later");
            await later.ReadUntilAsync("body=later");
        }
        await lab.Api.CoreV1.DeleteNamespacedPodAsync(
            old.Name(),
            "backend",
            cancellationToken: TestContext.Current.CancellationToken
        );
        await Eventually.HoldsAsync("the deleted pod takes no connections", () =>
            IsRefusedAsync(lab.EndPoint(old.Status.PodIP))
        );
        await underWay.SendAsync("bar");
        (await underWay.ReadUntilAsync("body=foobar")).ShouldContain($"X-Pod: {old.Name()}");

        await Eventually.HoldsAsync("three ready backends without the deleted one", async () =>
            (await lab.View.BackendsAsync(TestContext.Current.CancellationToken)) is { Length: 3 } ready
            && ready.All(p => p.Name != old.Name())
        );
        var (_, after) = await lab.ReadyAsync();
        var replacement = after.Single(p => before.All(b => b.Uid() != p.Uid()));
        replacement.Name().ShouldNotBe(old.Name());
        replacement.Name().ShouldStartWith(old.Metadata.GenerateName);
        replacement.Status.PodIP.ShouldNotBe(old.Status.PodIP);
        replacement.Spec.NodeName.ShouldBe(old.Spec.NodeName);

        var report = await lab.RunAsync(
            new OriginalReportScenario { Steps = [OriginalReportScenario.Phase("after", 1.5)], Rate = 200 }.Load()
        );
        report.Phases[0].Failures.ShouldBe(0);
        report.Phases[0].Pods.Single(p => p.Pod.Name == replacement.Name()).Ok.ShouldBeGreaterThan(0);
        report.Phases[0].Pods.ShouldAllBe(p => p.Ok > 0 && p.Pod.Name != old.Name());
        report.Reconciles.ShouldBeTrue();
    }

    [Fact]
    public async Task Deleting_the_agents_makes_them_read_cilium_config_again_and_a_bad_one_changes_nothing()
    {
        OriginalReportScenario scenario = new OriginalReportScenario
        {
            Steps =
            [
                OriginalReportScenario.ApplyBackend,
                OriginalReportScenario.ApplyLoadTest,
                OriginalReportScenario.Phase("observe", 1),
            ],
            Rate = 200,
        };
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default, ("proxy-connect-timeout", "100ms"));
        (await lab.RunAsync(scenario.Load())).Phases[0].ByStatus[503].ShouldBeGreaterThan(0);

        // The new setting is read when an agent starts, not before.
        await lab.SetAsync(("sandbox-sockets", "per-node"));
        (await lab.RunAsync(scenario.Load())).Phases[0].ByStatus[503].ShouldBeGreaterThan(0);
        await lab.RestartAgentsAsync();
        (await lab.RunAsync(scenario.Load())).Phases[0].Failures.ShouldBe(0);

        // A bad setting: the datapath goes on as it was, and the agent comes back when the setting is good.
        await lab.SetAsync(("sandbox-sockets", "everywhere"));
        var deleted = (await lab.AgentsAsync())[0];
        await lab.Api.CoreV1.DeleteNamespacedPodAsync(
            deleted.Name(),
            "kube-system",
            cancellationToken: TestContext.Current.CancellationToken
        );
        await Eventually.HoldsAsync("one agent cannot start, and says why", async () =>
            await lab.AgentsAsync() is { Count: 4 } all
            && all.Count(PodReadiness.IsReady) == 3
            && all.Any(a =>
                a.Status?.ContainerStatuses?[0].State?.Waiting is { Reason: "CrashLoopBackOff" } waiting
                && waiting.Message.Contains("everywhere", StringComparison.Ordinal)
            )
        );
        var path = lab.Cluster.Datapath.Path;
        using (
            var connection = await RawConnection.OpenAsync(
                IPAddress.Loopback,
                lab.EndPoint((await lab.ReadyAsync()).Backends[0].Status.PodIP)
            )
        )
        {
            await connection.RequestAsync("POST", "foo");
            await connection.ReadUntilAsync("body=foo");
        }
        lab.Cluster.Datapath.Path.ShouldBeSameAs(path);
        await lab.SetAsync(("sandbox-sockets", "shared"));
        await Eventually.HoldsAsync("the agent is back", async () =>
            await lab.AgentsAsync() is { Count: 4 } agents
            && agents.All(a => a.Uid() != deleted.Uid() && PodReadiness.IsReady(a))
        );
        await lab.RestartAgentsAsync();
        (await lab.RunAsync(scenario.Load())).Phases[0].ByStatus[503].ShouldBeGreaterThan(0);
    }

    private static async Task<bool> IsRefusedAsync(IPEndPoint endpoint)
    {
        try
        {
            using var connection = await RawConnection.OpenAsync(IPAddress.Loopback, endpoint);
            return false;
        }
        // A connection that was still in the backlog when the listener closed is reset: that is not an answer either.
        catch (SocketException e)
            when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.ConnectionReset)
        {
            return true;
        }
    }
}
