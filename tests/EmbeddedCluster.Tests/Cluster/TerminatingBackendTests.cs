using System.Diagnostics;
using System.Net;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>
/// The last Pod of a Service is being deleted and serves on while its preStop hook sleeps: whether it gets new
/// connections depends on the release (cilium/cilium#39743).
/// </summary>
public class TerminatingBackendTests
{
    /// <summary>So many answers in a row are alike once the datapath knows.</summary>
    private const int Enough = 30;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1.17.9", 0)]
    [InlineData("1.18.0", 200)]
    public async Task New_connections_go_to_the_last_pod_that_terminates_from_1_18_on(string release, int status)
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default, ("sandbox-cilium-version", release));
        var (client, _) = await lab.ReadyAsync();
        var service = await lab.Api.CoreV1.ReadNamespacedServiceAsync("backend-1", "backend", cancellationToken: Stop);
        await ChangeAsync(lab, spec =>
        {
            spec.Replicas = 1;
            spec.Template.Spec.Containers[0].Lifecycle = new V1Lifecycle
            {
                PreStop = new V1LifecycleHandler { Sleep = new V1SleepAction { Seconds = 25 } },
            };
        });
        await Eventually.HoldsAsync("one Pod, with the hook", async () =>
            await PodsAsync(lab) is [{ Spec.Containers: [{ Lifecycle: not null }] }]
        );
        await lab.ReadyAsync(1);
        await using var traffic = new Traffic(
            IPAddress.Parse(client.Status.PodIP),
            lab.EndPoint(service.Spec.ClusterIP)
        );
        await Eventually.HoldsAsync("it answers", () => traffic.Answers.Any(a => a.Status == 200));

        await ChangeAsync(lab, spec => spec.Replicas = 0);
        await Eventually.HoldsAsync("no endpoint is ready", async () =>
            (await lab.Api.DiscoveryV1.ListNamespacedEndpointSliceAsync("backend", cancellationToken: Stop))
                .Items.SelectMany(s => s.Endpoints ?? [])
                .All(e => e.Conditions.Ready is false)
        );
        var notReady = Stopwatch.GetTimestamp();
        await Eventually.HoldsAsync($"{Enough} answers in a row with {status}", () =>
        {
            var answers = traffic
                .Answers.Where(a => a.Started > notReady)
                .Select(a => a.Status)
                .TakeLast(Enough)
                .ToList();
            return answers.Count == Enough && answers.TrueForAll(a => a == status);
        });

        (await PodsAsync(lab)).ShouldHaveSingleItem().Metadata.DeletionTimestamp.ShouldNotBeNull();
    }

    private static async Task ChangeAsync(LiveLab lab, Action<V1DeploymentSpec> change)
    {
        var deployment = await lab.Api.AppsV1.ReadNamespacedDeploymentAsync(
            "backend-1",
            "backend",
            cancellationToken: Stop
        );
        deployment.Metadata.ResourceVersion = null;
        change(deployment.Spec);
        await lab.Api.AppsV1.ReplaceNamespacedDeploymentAsync(
            deployment,
            "backend-1",
            "backend",
            cancellationToken: Stop
        );
    }

    private static async Task<IList<V1Pod>> PodsAsync(LiveLab lab) =>
        (await lab.Api.CoreV1.ListNamespacedPodAsync("backend", cancellationToken: Stop)).Items;
}
