using System.Net;
using System.Text.Json.Nodes;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

/// <summary>Policies that refer to CiliumCIDRGroups and Services, and a Service without backends, live as in Cilium
/// 1.19.4.</summary>
public class PolicyReferenceTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Groups_and_services_that_policies_name_are_followed_while_they_change()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default, ("sandbox-cilium-version", "1.19.4"));
        var (client, _) = await lab.ReadyAsync();
        var backend = lab.Cluster.Datapath.Cluster.Pods.Values.First(p => p.Namespace == "backend").Identity;
        bool Allows(string address)
        {
            var cluster = lab.Cluster.Datapath.Cluster;
            var peer = new Peer(cluster.Identities.World, PolicyLab.Address(address));
            return !cluster.Policies.Evaluate(TrafficDirection.Ingress, backend, peer, 8080, L4Protocol.Tcp).IsDrop;
        }

        // A group: what is not a block is refused; a policy follows the group's changes.
        await Should.ThrowAsync<HttpOperationException>(() => GroupAsync(lab, "192.0.2.1"));
        await GroupAsync(lab, "192.0.2.0/24");
        await lab.ApplyTextAsync(
            PolicyLab.Backends("  ingress: [{fromCIDRSet: [{cidrGroupRef: office, except: [192.0.2.8/32]}]}]")
        );
        Allows("192.0.2.1").ShouldBeTrue();
        Allows("192.0.2.8").ShouldBeFalse();
        Allows("198.51.100.1").ShouldBeFalse();
        await lab.Api.CustomObjects.PatchClusterCustomObjectAsync(
            new V1Patch("""{"spec": {"externalCIDRs": ["198.51.100.0/24"]}}""", V1Patch.PatchType.MergePatch),
            "cilium.io",
            "v2",
            "ciliumcidrgroups",
            "office",
            cancellationToken: Stop
        );
        await Eventually.HoldsAsync("the policy has the group's new block", () =>
            Allows("198.51.100.1") && !Allows("192.0.2.1")
        );
        await lab.DeleteAllPoliciesAsync();

        // A Service that does not exist selects nothing; made, it selects its Pods.
        await lab.ApplyTextAsync(
            """
            apiVersion: cilium.io/v2
            kind: CiliumNetworkPolicy
            metadata: {name: services, namespace: load-test}
            spec:
              endpointSelector: {}
              egress: [{toServices: [{k8sService: {serviceName: late, namespace: backend}}]}]
            """
        );
        var source = IPAddress.Parse(client.Status.PodIP);
        var service = await lab.Api.CoreV1.ReadNamespacedServiceAsync("backend-1", "backend", cancellationToken: Stop);
        using (var dropped = await RawConnection.OpenAsync(source, lab.EndPoint(service.Spec.ClusterIP)))
        {
            await dropped.RequestAsync("POST", "foo");
            dropped.IsSilentFor(TimeSpan.FromMilliseconds(300)).ShouldBeTrue();
        }
        await lab.Api.CoreV1.CreateNamespacedServiceAsync(
            new V1Service
            {
                Metadata = new V1ObjectMeta { Name = "late" },
                Spec = new V1ServiceSpec
                {
                    Selector = service.Spec.Selector,
                    Ports = [new V1ServicePort { Port = 9000, TargetPort = 8080 }],
                },
            },
            "backend",
            cancellationToken: Stop
        );
        await Eventually.HoldsAsync("the Service's Pods are allowed", () =>
        {
            var cluster = lab.Cluster.Datapath.Cluster;
            var from = cluster.Pods.Values.First(p => p.Namespace == "load-test").Identity;
            return !cluster
                .Policies.Evaluate(TrafficDirection.Egress, from, new Peer(backend, 0), 8080, L4Protocol.Tcp)
                .IsDrop;
        });
        using var allowed = await RawConnection.OpenAsync(source, lab.EndPoint(service.Spec.ClusterIP));
        await allowed.RequestAsync("POST", "foo");
        await allowed.ReadUntilAsync("body=foo");
    }

    [Fact]
    public async Task A_service_without_backends_refuses_and_its_drops_are_counted()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default, ("sandbox-cilium-version", "1.19.4"));
        var (client, _) = await lab.ReadyAsync();
        var source = IPAddress.Parse(client.Status.PodIP);
        var service = await lab.Api.CoreV1.ReadNamespacedServiceAsync("backend-1", "backend", cancellationToken: Stop);
        var before = await lab.CountersAsync();
        await lab.Api.AppsV1.PatchNamespacedDeploymentScaleAsync(
            new V1Patch("""{"spec": {"replicas": 0}}""", V1Patch.PatchType.MergePatch),
            "backend-1",
            "backend",
            cancellationToken: Stop
        );
        await Eventually.HoldsAsync("connections are refused, and counted as dropped", async () =>
        {
            using var connection = await RawConnection.OpenAsync(source, lab.EndPoint(service.Spec.ClusterIP));
            (await connection.ReadToEndAsync()).ShouldBe(0);
            return (await lab.CountersAsync()).Since(before).Drops.GetValueOrDefault("SERVICE_BACKEND_NOT_FOUND") > 0;
        });
    }

    private static async Task GroupAsync(LiveLab lab, string block) =>
        await lab.Api.CustomObjects.CreateClusterCustomObjectAsync(
            JsonNode.Parse(
                $$$"""
                {"apiVersion": "cilium.io/v2", "kind": "CiliumCIDRGroup", "metadata": {"name": "office"},
                 "spec": {"externalCIDRs": ["{{{block}}}"]}}
                """
            )!,
            "cilium.io",
            "v2",
            "ciliumcidrgroups",
            cancellationToken: Stop
        );
}
