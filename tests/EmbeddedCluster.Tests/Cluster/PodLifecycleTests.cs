using System.Net;
using System.Net.Sockets;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>
/// What the network knows of Pods that start in another way, end, or are named by endpoints of one's own.
/// </summary>
public class PodLifecycleTests
{
    private const string Namespace = "backend";
    private const string ServiceLabel = "kubernetes.io/service-name";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pods_without_ports_listen_as_their_image_does_and_endpoints_of_ones_own_lead_to_them()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        await lab.ReadyAsync();

        // A Pod that declares no port listens on its own address where the image does.
        var container = new V1Container { Name = "backend", Image = "registry.example:5000/team/backend:1" };
        await lab.Api.CoreV1.CreateNamespacedPodAsync(
            new V1Pod
            {
                Metadata = new V1ObjectMeta { Name = "plain" },
                Spec = new V1PodSpec { Containers = [container] },
            },
            Namespace,
            cancellationToken: Stop
        );
        var pod = await Eventually.GetAsync("the pod has an address", async () =>
            await lab.Api.CoreV1.ReadNamespacedPodAsync("plain", Namespace, cancellationToken: Stop)
                is { Status.PodIP: not null } running
                ? running
                : null
        );
        await AnswersAsync(lab, pod.Status.PodIP, 8080);

        // A Service without a selector, with a slice that names the Pod by its address alone.
        await lab.Api.CoreV1.CreateNamespacedServiceAsync(
            new V1Service
            {
                Metadata = new V1ObjectMeta { Name = "manual" },
                Spec = new V1ServiceSpec { Ports = [new V1ServicePort { Port = 8081, TargetPort = 8080 }] },
            },
            Namespace,
            cancellationToken: Stop
        );
        await lab.Api.DiscoveryV1.CreateNamespacedEndpointSliceAsync(
            new V1EndpointSlice
            {
                Metadata = new V1ObjectMeta
                {
                    Name = "manual-1",
                    Labels = new Dictionary<string, string> { [ServiceLabel] = "manual" },
                },
                AddressType = "IPv4",
                Ports =
                [
                    new Discoveryv1EndpointPort
                    {
                        Name = "",
                        Port = 8080,
                        Protocol = "TCP",
                    },
                ],
                Endpoints = [new V1Endpoint { Addresses = [pod.Status.PodIP] }],
            },
            Namespace,
            cancellationToken: Stop
        );
        var service = await lab.Api.CoreV1.ReadNamespacedServiceAsync("manual", Namespace, cancellationToken: Stop);
        await AnswersAsync(lab, service.Spec.ClusterIP, 8081);

        // The Endpoints of a Service with a selector are its slices.
        await Eventually.HoldsAsync("three endpoints", async () =>
            await lab.Api.CoreV1.ReadNamespacedEndpointsAsync("backend-1", Namespace, cancellationToken: Stop)
                is { Subsets: [{ Addresses.Count: 3, Ports: [{ Port: 8080 }] }] }
        );
    }

    [Fact]
    public async Task A_deleted_pod_serves_as_a_terminating_endpoint_until_its_program_has_ended()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var pod = (await lab.ReadyAsync()).Backends[0];
        var seen = new List<V1EndpointConditions>();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var slices = await lab.Api.DiscoveryV1.ListNamespacedEndpointSliceAsync(Namespace, cancellationToken: Stop);
        var deleted = WatchDeletionAsync(lab, pod.Name());
        var watching = Task.Run(
            async () =>
            {
                var changes = lab.Api.DiscoveryV1.WatchListNamespacedEndpointSliceAsync(
                    Namespace,
                    resourceVersion: slices.Metadata.ResourceVersion,
                    cancellationToken: enough.Token
                );
                await foreach (var (_, slice) in changes)
                {
                    var endpoint = slice.Endpoints?.FirstOrDefault(e => e.TargetRef?.Uid == pod.Uid());
                    if (endpoint is null && slice.GetLabel(ServiceLabel) == "backend-1")
                        return;
                    if (endpoint is not null)
                        seen.Add(endpoint.Conditions);
                }
            },
            Stop
        );

        var answer = await lab.Api.CoreV1.DeleteNamespacedPodAsync(pod.Name(), Namespace, cancellationToken: Stop);
        await watching.WaitAsync(TimeSpan.FromSeconds(60), Stop);

        answer.Metadata.DeletionTimestamp.ShouldNotBeNull();
        answer.Metadata.DeletionGracePeriodSeconds.ShouldBe(30);
        seen.ShouldContain(c => c.Ready == false && c.Serving == true && c.Terminating == true);
        (await deleted.WaitAsync(TimeSpan.FromSeconds(60), Stop)).ShouldBe(["Modified", "Deleted"]);
    }

    /// <summary>The kinds of events from the deletion of a Pod to its end, each once.</summary>
    private static async Task<IReadOnlyList<string>> WatchDeletionAsync(LiveLab lab, string name)
    {
        var kinds = new List<string>();
        var changes = lab.Api.CoreV1.WatchListNamespacedPodAsync(
            Namespace,
            fieldSelector: $"metadata.name={name}",
            cancellationToken: Stop
        );
        await foreach (var (type, pod) in changes)
        {
            if (pod.Metadata.DeletionTimestamp is not null && !kinds.Contains($"{type}"))
                kinds.Add($"{type}");
            if (type is WatchEventType.Deleted)
                break;
        }
        return kinds;
    }

    private static Task AnswersAsync(LiveLab lab, string address, int port) =>
        Eventually.HoldsAsync($"{address}:{port} answers", async () =>
        {
            try
            {
                using var connection = await RawConnection.OpenAsync(IPAddress.Loopback, lab.EndPoint(address, port));
                await connection.RequestAsync("POST", "foo");
                return (await connection.ReadUntilAsync("body=foo")).StartsWith(
                    "HTTP/1.1 200 ",
                    StringComparison.Ordinal
                );
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                return false;
            }
        });
}
