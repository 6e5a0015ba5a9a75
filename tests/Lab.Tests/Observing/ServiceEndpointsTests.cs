using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Measurement.Observation;
using CiliumDebugging.Releases;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Observing;

/// <summary>Which Pods are behind a Service with manual slices, and since when.</summary>
public sealed class ServiceEndpointsTests
{
    [Fact]
    public void Endpoints_that_have_only_addresses_are_the_running_pods_with_these_addresses()
    {
        V1EndpointSlice[] slices = [Slice("10.0.1.1"), Slice("10.0.2.1"), Slice("fd00::3"), Slice("10.0.9.9")];
        EndpointSlices.NamePods(
            slices,
            [
                Pod("a", "Running", "10.0.1.1"),
                Pod("old", "Succeeded", "10.0.2.1"),
                Pod("b", "Running", "10.0.2.1"),
                Pod("c", "Running", "10.0.3.1", "fd00::3"),
            ]
        );
        Read(slices)
            .Select(e => (e.Pod.HubbleName, e.Pod.Node))
            .ShouldBe([("ns/a", "n"), ("ns/b", "n"), ("ns/c", "n")]);
    }

    [Theory]
    [InlineData(
        """{"kind":"Node","name":"n1"}""",
        "has no pods: its EndpointSlices name Node n1 instead (kubectl -n ns"
    )]
    [InlineData(
        "null",
        "has no pods: its EndpointSlices have addresses (10.0.1.1) that no running pod of its namespace"
    )]
    public void What_slices_name_instead_of_pods_is_said(string target, string expected)
    {
        V1EndpointSlice[] slices = [Slice("10.0.1.1", target)];
        Read(slices).ShouldBeEmpty();
        var problem = ServiceEndpoints.HasNoPods(KubernetesJson.Deserialize<V1Service>(Service), slices);
        problem.Message.ShouldStartWith($"Service ns/s {expected}");
        problem.Problem.ShouldBe(ObservationProblem.NoPods);
    }

    [Fact]
    public async Task An_ExternalName_is_called_one()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        cluster.Create(
            ResourceKinds.Services,
            "backend",
            """{"metadata":{"name":"outside"},"spec":{"type":"ExternalName","externalName":"outside.test"}}"""
        );
        var problem = await Should.ThrowAsync<ObservationException>(() => ReadAsync(cluster, "outside"));
        problem.Message.ShouldStartWith("Service backend/outside is an ExternalName, which has no pods");
    }

    [Fact]
    public async Task What_is_evaluated_begins_after_the_last_change_of_the_Service()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        var before = (await ReadAsync(cluster, "backend-1")).StableSince.ShouldNotBeNull();
        // Times of objects are whole seconds.
        await Task.Delay(1100, TestContext.Current.CancellationToken);
        await cluster.Api.Client.CoreV1.PatchNamespacedServiceAsync(
            new V1Patch("""{"spec":{"internalTrafficPolicy":"Local"}}""", V1Patch.PatchType.MergePatch),
            "backend-1",
            "backend",
            cancellationToken: TestContext.Current.CancellationToken
        );
        (await ReadAsync(cluster, "backend-1")).StableSince.ShouldNotBeNull().ShouldBeGreaterThan(before);
    }

    [Fact]
    public async Task A_local_traffic_policy_names_the_nodes_without_a_ready_pod()
    {
        await using var cluster = await ObservedCluster.StartAsync();
        cluster.Create(ResourceKinds.Nodes, "", """{"metadata":{"name":"empty"}}""");
        cluster.Create(
            ResourceKinds.Nodes,
            "",
            """{"metadata":{"name":"tainted"},"spec":{"taints":[{"key":"a","effect":"NoSchedule"}]}}"""
        );
        (await ReadAsync(cluster, "backend-1")).Service.Notes.ShouldBeEmpty();
        await cluster.Api.Client.CoreV1.PatchNamespacedServiceAsync(
            new V1Patch("""{"spec":{"internalTrafficPolicy":"Local"}}""", V1Patch.PatchType.MergePatch),
            "backend-1",
            "backend",
            cancellationToken: TestContext.Current.CancellationToken
        );
        var note = (await ReadAsync(cluster, "backend-1")).Service.Notes.ShouldHaveSingleItem();
        note.ShouldContain("no pod of the Service is ready on empty: clients there get no answer");
    }

    [Theory]
    [InlineData("""{"creationTimestamp":"2026-01-01T00:00:01Z"}""", 1)]
    [InlineData("""{"annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"2026-01-01T00:00:05Z"}}""", 5)]
    [InlineData("""{"annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"soon"}}""", null)]
    [InlineData(
        """
            {"managedFields":[
              {"manager":"kubectl","time":"2026-01-01T00:00:07Z","fieldsV1":{"f:metadata":{},"f:spec":{}}},
              {"manager":"lb","time":"2026-01-01T00:00:08Z","fieldsV1":{"f:status":{}}},
              {"manager":"new-lb","time":"2026-01-01T00:00:09Z","subresource":"status","fieldsV1":{"f:metadata":{}}}
            ]}
            """,
        7
    )]
    [InlineData("{}", null)]
    public void The_last_change_of_an_object_is_not_that_of_its_status(string metadata, int? second) =>
        LastChange
            .Of(KubernetesJson.Deserialize<V1ObjectMeta>(metadata))
            .ShouldBe(second is { } s ? new DateTime(2026, 1, 1, 0, 0, s, DateTimeKind.Utc) : null);

    [Theory]
    [InlineData("Local", "10.0.9.9", "worker2")]
    [InlineData("Local", "10.0.9.8", null)] // a node's address is that of several Pods
    [InlineData("Local", "10.0.9.7", null)]
    [InlineData("Cluster", "10.0.9.9", null)] // not worth a request
    public async Task A_client_that_is_named_by_its_address_is_looked_up_where_its_node_determines_its_shares(
        string policy,
        string address,
        string? node
    )
    {
        await using var cluster = await ObservedCluster.StartAsync();
        Client("own", address: "10.0.9.9", host: "false");
        Client("host", address: "10.0.9.8", host: "true");
        await cluster.Api.Client.CoreV1.PatchNamespacedServiceAsync(
            new V1Patch($$$"""{"spec":{"internalTrafficPolicy":"{{{policy}}}"}}""", V1Patch.PatchType.MergePatch),
            "backend-1",
            "backend",
            cancellationToken: TestContext.Current.CancellationToken
        );
        var clients = (await ReadAsync(cluster, "backend-1", address)).Service.Clients;
        (clients.TryGetValue(address, out var path) ? path.Node : null).ShouldBe(node);

        void Client(string name, string address, string host)
        {
            cluster.Create(
                ResourceKinds.Pods,
                "backend",
                $$$"""
                {
                  "metadata": { "name": "{{{name}}}" },
                  "spec": {
                    "nodeName": "worker2", "hostNetwork": {{{host}}}, "containers": [{ "name": "c", "image": "c" }]
                  }
                }
                """
            );
            var status = new JsonObject { ["phase"] = "Running", ["podIP"] = address };
            cluster
                .Api.Store.Update(
                    ResourceKinds.Pods,
                    "backend",
                    name,
                    new JsonObject { ["status"] = status },
                    status: true
                )
                .OrThrow();
        }
    }

    [Theory]
    [InlineData("1.18.3", true, true)]
    [InlineData("1.18.3", false, false)] // one is ready
    [InlineData("1.17.9", true, false)]
    [InlineData(null, true, false)]
    public void Terminating_endpoints_that_still_serve_take_connections_where_the_release_and_no_ready_one_says_so(
        string? release,
        bool allTerminate,
        bool serve
    )
    {
        static string Endpoint(string name, string conditions) =>
            $$$"""
                { "addresses": ["10.0.1.1"], "conditions": {{{conditions}}}, "targetRef": { "kind": "Pod", "name": "{{{name}}}" } }
                """;
        const string Serving = """{"ready":false,"serving":true,"terminating":true}""",
            Gone = """{"ready":false,"serving":false,"terminating":true}""",
            Ready = """{"ready":true,"serving":true,"terminating":false}""";
        var slice = KubernetesJson.Deserialize<V1EndpointSlice>(
            $$$"""
            {
              "addressType": "IPv4",
              "endpoints": [
                {{{Endpoint("a", Serving)}}}, {{{Endpoint("b", Gone)}}}, {{{Endpoint(
                "c",
                allTerminate ? Serving : Ready
            )}}}
              ]
            }
            """
        );
        var endpoints = ServiceEndpoints.Of(
            [slice],
            [],
            [],
            "ns",
            DateTimeOffset.UnixEpoch,
            CiliumVersion.TryParse(release, out var version) ? version : null
        );
        endpoints.Select(e => e.Serves).ShouldBe([serve, false, serve || !allTerminate]);
    }

    private const string Service = """{"metadata":{"namespace":"ns","name":"s"},"spec":{}}""";

    private static ImmutableArray<ObservedEndpoint> Read(V1EndpointSlice[] slices) =>
        ServiceEndpoints.Of(slices, [], [], "ns", DateTimeOffset.UnixEpoch);

    private static Task<ServiceObjectsRead> ReadAsync(
        ObservedCluster cluster,
        string service,
        params string[] clients
    ) =>
        new ServiceObjects(
            cluster.Api.Client,
            new ObserveOptions("backend", service),
            new RequestBudget(10_000_000, TimeProvider.System),
            TimeProvider.System
        ).ReadAsync(DateTimeOffset.UtcNow, clients, TestContext.Current.CancellationToken);

    private static V1EndpointSlice Slice(string address, string target = "null") =>
        KubernetesJson.Deserialize<V1EndpointSlice>(
            $$$"""{"addressType":"IPv4","endpoints":[{"addresses":["{{{address}}}"],"targetRef":{{{target}}}}]}"""
        );

    private static V1Pod Pod(string name, string phase, params string[] addresses) =>
        KubernetesJson.Deserialize<V1Pod>(
            JsonSerializer.Serialize(
                new
                {
                    metadata = new { name, @namespace = "ns" },
                    spec = new { nodeName = "n" },
                    status = new
                    {
                        phase,
                        podIP = addresses[0],
                        podIPs = addresses.Select(ip => new { ip }),
                    },
                }
            )
        );
}
