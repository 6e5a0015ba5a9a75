using System.Text.Json;
using CiliumDebugging.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api;

/// <summary>
/// What the lab does with KubernetesClient; against a real API server, too (<see cref="TestCluster"/>).
/// </summary>
public sealed class KubernetesClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static V1Pod Pod(string name) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                Labels = new Dictionary<string, string> { ["app"] = "backend" },
            },
            Spec = new V1PodSpec
            {
                NodeName = "lab-test-worker",
                // A server before 1.24 refuses the Pod until a controller has made a token for it.
                AutomountServiceAccountToken = false,
                Containers =
                [
                    new V1Container
                    {
                        Name = "c",
                        Image = "i",
                        Ports = [new V1ContainerPort { ContainerPort = 8080 }],
                    },
                ],
            },
        };

    [Fact]
    public async Task A_pod_is_created_pending_changed_through_status_and_deleted()
    {
        await using var api = await TestCluster.StartAsync();
        var created = await api.Client.CoreV1.CreateNamespacedPodAsync(
            Pod("p"),
            api.Namespace,
            cancellationToken: Cancel
        );
        created.Status.Phase.ShouldBe("Pending");
        created.Metadata.Uid.ShouldNotBeNullOrEmpty();
        created.Status.Phase = "Running";
        created.Status.PodIP = "10.0.0.1";
        var running = await api.Client.CoreV1.ReplaceNamespacedPodStatusAsync(
            created,
            "p",
            api.Namespace,
            cancellationToken: Cancel
        );
        running.Status.PodIP.ShouldBe("10.0.0.1");
        var patched = await api.Client.CoreV1.PatchNamespacedPodAsync(
            new V1Patch("{\"metadata\":{\"labels\":{\"x\":\"y\",\"app\":null}}}", V1Patch.PatchType.MergePatch),
            "p",
            api.Namespace,
            cancellationToken: Cancel
        );
        patched.Metadata.Labels.ShouldBe(new Dictionary<string, string> { ["x"] = "y" });
        (
            await api.Client.CoreV1.ListNamespacedPodAsync(
                api.Namespace,
                fieldSelector: "spec.nodeName=lab-test-worker,status.phase=Running",
                cancellationToken: Cancel
            )
        ).Items.Count.ShouldBe(1);
        (
            await api.Client.CoreV1.ListNamespacedPodAsync(
                api.Namespace,
                labelSelector: "x in (y,z),!app",
                cancellationToken: Cancel
            )
        ).Items.Count.ShouldBe(1);
        await api.Client.CoreV1.DeleteNamespacedPodAsync(
            "p",
            api.Namespace,
            gracePeriodSeconds: 0,
            cancellationToken: Cancel
        );
        var gone = await Should.ThrowAsync<HttpOperationException>(() =>
            api.Client.CoreV1.ReadNamespacedPodAsync("p", api.Namespace, cancellationToken: Cancel)
        );
        JsonSerializer.Deserialize<V1Status>(gone.Response.Content)!.Message.ShouldBe("pods \"p\" not found");
    }

    [Fact]
    public async Task An_update_of_an_old_version_is_a_conflict()
    {
        await using var api = await TestCluster.StartAsync();
        var first = await api.Client.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "c" } },
            api.Namespace,
            cancellationToken: Cancel
        );
        first.Data = new Dictionary<string, string> { ["a"] = "1" };
        await api.Client.CoreV1.ReplaceNamespacedConfigMapAsync(first, "c", api.Namespace, cancellationToken: Cancel);
        var conflict = await Should.ThrowAsync<HttpOperationException>(() =>
            api.Client.CoreV1.ReplaceNamespacedConfigMapAsync(first, "c", api.Namespace, cancellationToken: Cancel)
        );
        ((int)conflict.Response.StatusCode).ShouldBe(409);
    }

    [Fact]
    public async Task Custom_objects_are_created_listed_and_deleted()
    {
        await using var api = await TestCluster.StartAsync();
        using var policies = new GenericClient(
            api.Client,
            "cilium.io",
            "v2",
            "ciliumnetworkpolicies",
            disposeClient: false
        );
        var policy = new Dictionary<string, object>
        {
            ["apiVersion"] = "cilium.io/v2",
            ["kind"] = "CiliumNetworkPolicy",
            ["metadata"] = new Dictionary<string, object> { ["name"] = "l7" },
            // Cilium's CRD refuses a policy without a section.
            ["spec"] = new Dictionary<string, object>
            {
                ["endpointSelector"] = new Dictionary<string, object>(),
                ["ingress"] = new List<object> { new Dictionary<string, object>() },
            },
        };
        var created = (JsonElement)
            await api.Client.CustomObjects.CreateNamespacedCustomObjectAsync(
                policy,
                "cilium.io",
                "v2",
                api.Namespace,
                "ciliumnetworkpolicies",
                cancellationToken: Cancel
            );
        created.GetProperty("metadata").GetProperty("generation").GetInt32().ShouldBe(1);
        (await policies.ListNamespacedAsync<V1PodList>(api.Namespace, cancel: Cancel))
            .Items.Single()
            .Metadata.Name.ShouldBe("l7");
        await api.Client.CustomObjects.DeleteNamespacedCustomObjectAsync(
            "cilium.io",
            "v2",
            api.Namespace,
            "ciliumnetworkpolicies",
            "l7",
            cancellationToken: Cancel
        );
        (await policies.ListNamespacedAsync<V1PodList>(api.Namespace, cancel: Cancel)).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_watch_delivers_additions_changes_and_deletions()
    {
        await using var api = await TestCluster.StartAsync();
        var seen = new List<string>();
        var list = await api.Client.CoreV1.ListNamespacedPodAsync(api.Namespace, cancellationToken: Cancel);
        var watching = Task.Run(
            async () =>
            {
                await foreach (
                    var (type, pod) in api.Client.CoreV1.WatchListNamespacedPodAsync(
                        api.Namespace,
                        resourceVersion: list.Metadata.ResourceVersion,
                        cancellationToken: Cancel
                    )
                )
                {
                    seen.Add($"{type} {pod.Metadata.Name} {pod.Status.Phase}");
                    if (type == WatchEventType.Deleted)
                        return;
                }
            },
            Cancel
        );
        var pod = await api.Client.CoreV1.CreateNamespacedPodAsync(Pod("p"), api.Namespace, cancellationToken: Cancel);
        pod.Status.Phase = "Running";
        await api.Client.CoreV1.ReplaceNamespacedPodStatusAsync(pod, "p", api.Namespace, cancellationToken: Cancel);
        await api.Client.CoreV1.DeleteNamespacedPodAsync(
            "p",
            api.Namespace,
            gracePeriodSeconds: 0,
            cancellationToken: Cancel
        );
        await watching.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        // A real server also reports that the deletion has begun.
        seen.Distinct().ShouldBe(["Added p Pending", "Modified p Running", "Deleted p Running"]);
    }

    [Fact]
    public async Task Objects_need_their_namespace_and_go_with_it()
    {
        await using var api = await TestCluster.StartAsync();
        var missing = await Should.ThrowAsync<HttpOperationException>(() =>
            api.Client.CoreV1.CreateNamespacedPodAsync(Pod("p"), "lab-test-absent", cancellationToken: Cancel)
        );
        JsonSerializer
            .Deserialize<V1Status>(missing.Response.Content)!
            .Message.ShouldBe("namespaces \"lab-test-absent\" not found");

        await api.Client.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "c" } },
            api.Namespace,
            cancellationToken: Cancel
        );
        await api.Client.CoreV1.DeleteNamespaceAsync(api.Namespace, cancellationToken: Cancel);
        await Eventually.HoldsAsync("the namespace's objects are gone", async () =>
            (
                await api.Client.CoreV1.ListNamespacedConfigMapAsync(
                    api.Namespace,
                    fieldSelector: "metadata.name=c",
                    cancellationToken: Cancel
                )
            )
                .Items
                .Count == 0
        );
    }
}
