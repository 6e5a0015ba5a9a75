using System.Net;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>
/// What a change of policy does at once to connections that are established, and traffic from outside, on one live
/// cluster.
/// </summary>
public class PolicyUpdateTests
{
    private const string PostNoMore = """
        apiVersion: cilium.io/v2
        kind: CiliumNetworkPolicy
        metadata: {name: deny, namespace: backend}
        spec:
          endpointSelector: {matchLabels: {app: backend}}
          ingressDeny: [{fromEndpoints: [{matchLabels: {k8s:io.kubernetes.pod.namespace: load-test}}]}]
        """;

    [Fact]
    public async Task An_L7_rule_resets_direct_connections_and_a_tightened_policy_silences_them_at_once()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var (client, backends) = await lab.ReadyAsync();
        var (source, pod) = (IPAddress.Parse(client.Status.PodIP), lab.EndPoint(backends[0].Status.PodIP));
        await NodePortsAnswerFromTheirOwnNodeAsync(lab, backends);

        // An L7 rule: the direct connection is reset, a new one goes through the proxy.
        using var direct = await RawConnection.OpenAsync(source, pod);
        await direct.RequestAsync("POST", "foo");
        await direct.ReadUntilAsync("body=foo");
        await lab.ApplyAsync("backend-policy.yaml");
        await direct.RequestAsync("POST", "foo");
        (await direct.ReadToEndAsync()).ShouldBe(0);
        using var proxied = await RawConnection.OpenAsync(source, pod);
        await proxied.RequestAsync("POST", "foo");
        await proxied.ReadUntilAsync("body=foo");

        // Denied: silence on the established connection, and the drop is counted.
        var before = await lab.CountersAsync();
        await lab.ApplyTextAsync(PostNoMore);
        await proxied.RequestAsync("POST", "foo");
        await Eventually.HoldsAsync("the request is counted as dropped", async () =>
            (await lab.CountersAsync()).Since(before).Drops.GetValueOrDefault("POLICY_DENY") > 0
        );
        proxied.IsSilentFor(TimeSpan.FromMilliseconds(300)).ShouldBeTrue();

        // The same for a connection that was established directly.
        await lab.DeleteAllPoliciesAsync();
        using var open = await RawConnection.OpenAsync(source, pod);
        await open.RequestAsync("POST", "foo");
        await open.ReadUntilAsync("body=foo");
        before = await lab.CountersAsync();
        await lab.ApplyTextAsync(PostNoMore);
        await open.RequestAsync("POST", "foo");
        await Eventually.HoldsAsync("its bytes are counted as dropped", async () =>
            (await lab.CountersAsync()).Since(before).Drops.GetValueOrDefault("POLICY_DENY") > 0
        );
        open.IsSilentFor(TimeSpan.FromMilliseconds(300)).ShouldBeTrue();
        (await lab.CountersAsync()).Since(before).Echo.Values.Sum().ShouldBe(0);
    }

    [Fact]
    public async Task A_label_put_on_a_namespace_and_the_service_account_of_a_pod_select_it()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var (client, backends) = await lab.ReadyAsync();
        var (source, pod) = (IPAddress.Parse(client.Status.PodIP), lab.EndPoint(backends[0].Status.PodIP));
        await lab.ApplyTextAsync(
            """
            apiVersion: cilium.io/v2
            kind: CiliumNetworkPolicy
            metadata: {name: red-only, namespace: backend}
            spec:
              endpointSelector: {}
              ingress:
                - fromEndpoints:
                    - matchLabels:
                        k8s:io.cilium.k8s.namespace.labels.team: red
                        io.cilium.k8s.policy.serviceaccount: default
            """
        );
        using (var before = await RawConnection.OpenAsync(source, pod))
        {
            await before.RequestAsync("POST", "foo");
            before.IsSilentFor(TimeSpan.FromMilliseconds(300)).ShouldBeTrue();
        }
        await lab.Api.CoreV1.PatchNamespaceAsync(
            new V1Patch("""{"metadata": {"labels": {"team": "red"} } }""", V1Patch.PatchType.MergePatch),
            "load-test",
            cancellationToken: TestContext.Current.CancellationToken
        );
        await Eventually.HoldsAsync("the client is answered", async () =>
        {
            using var connection = await RawConnection.OpenAsync(source, pod);
            await connection.RequestAsync("POST", "foo");
            return !connection.IsSilentFor(TimeSpan.FromMilliseconds(300))
                && (await connection.ReadUntilAsync("body=foo")).StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal);
        });
    }

    /// <summary>externalTrafficPolicy Local: what comes to a node stays on it; a node without a Pod drops it.</summary>
    private static async Task NodePortsAnswerFromTheirOwnNodeAsync(LiveLab lab, IReadOnlyList<V1Pod> backends)
    {
        var service = await lab.Api.CoreV1.PatchNamespacedServiceAsync(
            new V1Patch(
                """{"spec": {"type": "NodePort", "externalTrafficPolicy": "Local"} }""",
                V1Patch.PatchType.MergePatch
            ),
            "backend-1",
            "backend",
            cancellationToken: TestContext.Current.CancellationToken
        );
        var port = service.Spec.Ports[0].NodePort!.Value;
        port.ShouldBeInRange(30_000, 32_767);
        await Eventually.HoldsAsync("the datapath has the node port", () =>
            lab.Cluster.Datapath.Cluster.Services.NodePorts.Any()
        );
        var nodes = await lab.Api.CoreV1.ListNodeAsync(cancellationToken: TestContext.Current.CancellationToken);
        foreach (var node in nodes.Items)
        {
            var local = backends.SingleOrDefault(p => p.Spec.NodeName == node.Name());
            var address = node.Status.Addresses.First(a => a.Type == "InternalIP").Address;
            using var connection = await Eventually.GetAsync($"{node.Name()} listens on its node port", () =>
                OpenAsync(lab.EndPoint(address, port))
            );
            await connection.RequestAsync("POST", "foo");
            if (local is null)
                connection.IsSilentFor(TimeSpan.FromMilliseconds(200)).ShouldBeTrue();
            else
                (await connection.ReadUntilAsync("body=foo")).ShouldContain($"X-Pod: {local.Name()}");
        }
        static async Task<RawConnection?> OpenAsync(IPEndPoint endpoint)
        {
            try
            {
                return await RawConnection.OpenAsync(IPAddress.Loopback, endpoint);
            }
            catch (System.Net.Sockets.SocketException)
            {
                return null;
            }
        }
    }
}
