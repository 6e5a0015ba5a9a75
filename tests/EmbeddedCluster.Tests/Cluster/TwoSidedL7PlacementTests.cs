using CiliumDebugging.ClusterModel;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>
/// cilium/cilium#14268 on a live cluster with other placements: the successes follow the client. A class of its own, so
/// that it runs beside <see cref="TwoSidedL7Tests"/>.
/// </summary>
public class TwoSidedL7PlacementTests
{
    [Fact]
    public async Task A_client_on_another_worker_moves_the_good_pod_with_it()
    {
        await using var lab = await LiveLab.StartAsync(
            ClusterTopology.Create("cluster", workers: 3, clientWorker: 1),
            SkewSignature.ShortTimeout
        );
        var report = await lab.RunAsync(SkewSignature.BothPolicies.Load());
        report.ClientNode.ShouldBe("cluster-worker");
        SkewSignature.ShouldFollowPlacement(report, remotePods: 2, localPods: 1);
    }

    [Fact]
    public async Task Two_pods_on_the_clients_node_share_all_successes()
    {
        await using var lab = await LiveLab.StartAsync(
            ClusterTopology.Create("cluster", workers: 3, clientWorker: 2, backendWorkers: [1, 2, 2]),
            SkewSignature.ShortTimeout
        );
        var report = await lab.RunAsync(SkewSignature.BothPolicies.Load());
        SkewSignature.ShouldFollowPlacement(report, remotePods: 1, localPods: 2);
    }

    [Fact]
    public async Task A_client_on_a_node_without_a_pod_gets_nothing_but_503()
    {
        await using var lab = await LiveLab.StartAsync(
            ClusterTopology.Create("cluster", workers: 3, clientWorker: 3, backendWorkers: [1, 1, 2]),
            SkewSignature.ShortTimeout
        );
        var report = await lab.RunAsync(SkewSignature.BothPolicies.Load());
        report.Phases[0].Ok.ShouldBe(0);
        SkewSignature.ShouldFollowPlacement(report, remotePods: 3, localPods: 0);
    }
}
