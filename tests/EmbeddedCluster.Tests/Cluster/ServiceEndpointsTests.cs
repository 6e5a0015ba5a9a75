using System.Net;
using System.Net.Sockets;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>What people do with Services and EndpointSlices, on one live cluster.</summary>
public class ServiceEndpointsTests
{
    private const string ServiceLabel = "kubernetes.io/service-name";

    [Fact]
    public async Task Services_of_every_kind_reach_their_pods_and_their_slices_go_and_come_with_them()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var (client, _) = await lab.ReadyAsync();

        // No ports, and a port of a protocol that the lab does not carry: neither keeps other Services waiting.
        await CreateAsync(lab, "headless", new V1ServiceSpec { ClusterIP = "None" });
        await CreateAsync(
            lab,
            "dns",
            new V1ServiceSpec
            {
                Ports =
                [
                    new V1ServicePort
                    {
                        Name = "udp",
                        Port = 8053,
                        Protocol = "UDP",
                    },
                    new V1ServicePort
                    {
                        Name = "tcp",
                        Port = 8053,
                        TargetPort = 8080,
                    },
                ],
            }
        );
        await AnswersAsync(lab, await ReadAsync(lab, "dns"), 8053);

        // A target port by its name in the Pods.
        await CreateAsync(
            lab,
            "named",
            new V1ServiceSpec { Ports = [new V1ServicePort { Port = 8081, TargetPort = "http" }] }
        );
        await Eventually.HoldsAsync("three endpoints on the named port", async () =>
            await SlicesAsync(lab, "named") is [{ Ports: [{ Port: 8080 }], Endpoints.Count: 3 }]
        );
        await AnswersAsync(lab, await ReadAsync(lab, "named"), 8081);

        // A scenario's load goes to the Service's port; the Pods' counters and the policies are on theirs.
        await lab.ApplyAsync("backend-policy.yaml");
        ClusterReader view = new ClusterReader(
            lab.Api,
            new LoadSpec(new Uri("http://named.backend:8081/echo"), "POST", "foo", 50)
        );
        var cilium = await view.CiliumAsync(TestContext.Current.CancellationToken);
        var policies = await view.PoliciesAsync(client, cilium.Release, TestContext.Current.CancellationToken);
        (policies.Egress, policies.Ingress, policies.Denied.Count).ShouldBe((false, true, 0));
        (
            await view.ScrapeAsync(
                await view.BackendsAsync(TestContext.Current.CancellationToken),
                TestContext.Current.CancellationToken
            )
        ).Echo.Count.ShouldBe(3);

        // Somebody deletes a slice: it comes back. The Service is deleted: its slice goes.
        var slice = (await SlicesAsync(lab, "named"))[0];
        await lab.Api.DiscoveryV1.DeleteNamespacedEndpointSliceAsync(
            slice.Name(),
            "backend",
            cancellationToken: TestContext.Current.CancellationToken
        );
        await Eventually.HoldsAsync("the slice is back", async () =>
            await SlicesAsync(lab, "named") is [{ Endpoints.Count: 3 } back] && back.Uid() != slice.Uid()
        );
        await lab.Api.CoreV1.DeleteNamespacedServiceAsync(
            "named",
            "backend",
            cancellationToken: TestContext.Current.CancellationToken
        );
        await Eventually.HoldsAsync("the slice is gone", async () => (await SlicesAsync(lab, "named")).Count == 0);
    }

    /// <summary>A canary with weights by repeated addresses, and a slice of a Service without a selector.</summary>
    [Fact]
    public async Task An_address_in_several_slices_is_one_endpoint_also_of_a_Service_without_a_selector()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var pod = (await lab.ReadyAsync()).Backends[0].Status.PodIP;
        await CreateAsync(lab, "selecting", new V1ServiceSpec { Ports = [new V1ServicePort { Port = 8080 }] });
        await lab.Api.CoreV1.CreateNamespacedServiceAsync(
            new V1Service
            {
                Metadata = new V1ObjectMeta { Name = "manual" },
                Spec = new V1ServiceSpec { Ports = [new V1ServicePort { Port = 8081, TargetPort = 8080 }] },
            },
            "backend",
            cancellationToken: TestContext.Current.CancellationToken
        );
        foreach (var (slice, service) in new[] { ("a", "manual"), ("b", "manual"), ("c", "selecting") })
            await lab.Api.DiscoveryV1.CreateNamespacedEndpointSliceAsync(
                new V1EndpointSlice
                {
                    Metadata = new V1ObjectMeta
                    {
                        Name = slice,
                        Labels = new Dictionary<string, string> { [ServiceLabel] = service },
                    },
                    AddressType = "IPv4",
                    Endpoints =
                    [
                        new V1Endpoint { Addresses = [pod] },
                        new V1Endpoint { Addresses = [service == "manual" ? pod : "192.0.2.1"] },
                    ],
                    Ports = [new Discoveryv1EndpointPort { Name = "", Port = 8080 }],
                },
                "backend",
                cancellationToken: TestContext.Current.CancellationToken
            );
        await AnswersAsync(lab, await ReadAsync(lab, "manual"), 8081);
        foreach (var (name, endpoints) in new[] { ("manual", 1), ("selecting", 4) })
        {
            var address = TcpEndpoint.AddressOf(IPAddress.Parse((await ReadAsync(lab, name)).Spec.ClusterIP));
            await Eventually.HoldsAsync($"{name} has {endpoints} endpoints", () =>
                lab.Cluster.Datapath.Cluster.Services.Frontends.Any(f =>
                    f.Frontend.Address == address && f.Backends.Length == endpoints
                )
            );
        }
    }

    [Fact]
    public async Task A_pod_that_is_taken_out_by_its_labels_is_replaced_and_stays_until_it_is_put_back()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var pod = (await lab.ReadyAsync()).Backends[0].Name();
        Task<V1Pod> LabelAsync(string version) =>
            lab.Api.CoreV1.PatchNamespacedPodAsync(
                new V1Patch(
                    $$$"""{"metadata": {"labels": {"version": "{{{version}}}"} } }""",
                    V1Patch.PatchType.MergePatch
                ),
                pod,
                "backend",
                cancellationToken: TestContext.Current.CancellationToken
            );
        async Task<IList<V1Pod>> PodsAsync(string version) =>
            (
                await lab.Api.CoreV1.ListNamespacedPodAsync(
                    "backend",
                    labelSelector: $"version={version}",
                    cancellationToken: TestContext.Current.CancellationToken
                )
            ).Items;

        await LabelAsync("suspect");
        await Eventually.HoldsAsync("there are three others", async () =>
            (await PodsAsync("v1")).Count == 3 && await SlicesAsync(lab, "backend-1") is [{ Endpoints.Count: 3 }]
        );
        (await PodsAsync("suspect")).ShouldHaveSingleItem().OwnerReferences().ShouldBeNull();

        await LabelAsync("v1");
        await Eventually.HoldsAsync("it is one of three again", async () =>
            await PodsAsync("v1") is { Count: 3 } pods && pods.All(p => p.OwnerReferences() is [{ Kind: "ReplicaSet" }])
        );
    }

    [Fact]
    public async Task A_service_whose_address_somebody_else_listens_on_keeps_no_other_service_waiting()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        await lab.ReadyAsync();
        var address = (await ReadAsync(lab, "backend-1")).Spec.ClusterIP;
        address = $"{address[..address.LastIndexOf('.')]}.200";
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(lab.EndPoint(address, 8090));
        taken.Listen();

        await CreateAsync(
            lab,
            "taken",
            new V1ServiceSpec { ClusterIP = address, Ports = [new V1ServicePort { Port = 8090, TargetPort = 8080 }] }
        );
        foreach (var name in (string[])["a", "b", "c", "d"])
        {
            await CreateAsync(lab, name, new V1ServiceSpec { Ports = [new V1ServicePort { Port = 8080 }] });
            await AnswersAsync(lab, await ReadAsync(lab, name), 8080);
        }
    }

    private static Task<V1Service> CreateAsync(LiveLab lab, string name, V1ServiceSpec spec)
    {
        spec.Selector = new Dictionary<string, string> { ["app"] = "backend", ["version"] = "v1" };
        return lab.Api.CoreV1.CreateNamespacedServiceAsync(
            new V1Service
            {
                Metadata = new V1ObjectMeta { Name = name },
                Spec = spec,
            },
            "backend",
            cancellationToken: TestContext.Current.CancellationToken
        );
    }

    private static Task<V1Service> ReadAsync(LiveLab lab, string name) =>
        lab.Api.CoreV1.ReadNamespacedServiceAsync(
            name,
            "backend",
            cancellationToken: TestContext.Current.CancellationToken
        );

    private static async Task<IList<V1EndpointSlice>> SlicesAsync(LiveLab lab, string service) =>
        (
            await lab.Api.DiscoveryV1.ListNamespacedEndpointSliceAsync(
                "backend",
                labelSelector: $"{ServiceLabel}={service}",
                cancellationToken: TestContext.Current.CancellationToken
            )
        ).Items;

    /// <summary>Waits until a request to the Service is answered by a Pod.</summary>
    private static Task AnswersAsync(LiveLab lab, V1Service service, int port) =>
        Eventually.HoldsAsync($"{service.Name()}:{port} answers", async () =>
        {
            try
            {
                using var connection = await RawConnection.OpenAsync(
                    IPAddress.Loopback,
                    lab.EndPoint(service.Spec.ClusterIP, port)
                );
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
