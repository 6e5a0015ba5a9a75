using System.Collections.Immutable;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Manifests;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Manifests;

/// <summary>The lab's objects on an API server: the embedded one, or the one that KUBECONFIG_TEST names.</summary>
public class ManifestClientTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The workloads and policies of the original report, moved into a namespace.</summary>
    private static ImmutableArray<Manifest> Objects(string ns)
    {
        var original = ClusterTopology.Default;
        var topology = original with
        {
            Workloads = [.. original.Workloads.Select(w => w with { Namespace = ns })],
            Services = [.. original.Services.Select(s => s with { Namespace = ns })],
        };
        var manifests = ManifestSet.Render(
            new ManifestValues
            {
                Topology = topology,
                Dashboard = false,
                Prometheus = false,
                Grafana = false,
                BackendCnp = true,
                LoadTestCnp = true,
            }
        );
        foreach (var manifest in manifests.Where(m => m.Kind == "CiliumNetworkPolicy"))
            manifest.Object["metadata"]!["namespace"] = ns;
        return manifests;
    }

    [Fact]
    public async Task Objects_are_applied_by_strict_server_side_apply_once_and_deleted_with_their_dependents()
    {
        await using var cluster = await TestCluster.StartAsync();
        var client = new ManifestClient(cluster.Client);
        var manifests = Objects(cluster.Namespace);
        manifests.Length.ShouldBe(6);
        (await client.ForeignAsync(manifests, Cancellation)).ShouldBeEmpty();
        foreach (var manifest in manifests)
            await client.ApplyAsync(manifest, Cancellation);
        foreach (var manifest in manifests)
        {
            (await client.IsAppliedAsync(manifest, Cancellation)).ShouldBeTrue(manifest.ToString());
            var before = (string?)
                (await client.ReadAsync(manifest, Cancellation))!["metadata"]!["generation"]?.ToString();
            await client.ApplyAsync(manifest, Cancellation);
            (
                (string?)(await client.ReadAsync(manifest, Cancellation))!["metadata"]!["generation"]?.ToString()
            ).ShouldBe(before, $"{manifest} did not change");
        }
        foreach (var manifest in manifests.Where(m => m.Kind != "Namespace"))
        {
            await client.DeleteAsync(manifest, Cancellation);
            await client.DeleteAsync(manifest, Cancellation);
        }
    }

    [Fact]
    public async Task An_unknown_field_is_refused_by_the_server()
    {
        await using var cluster = await TestCluster.StartAsync();
        var deployment = Objects(cluster.Namespace).First(m => m.Kind == "Deployment");
        deployment.Object["spec"]!["template"]!["spec"]!["containers"]![0]!["imagePulPolicy"] = "Always";
        (
            await Should.ThrowAsync<HttpRequestException>(() =>
                new ManifestClient(cluster.Client).ApplyAsync(deployment, Cancellation)
            )
        ).Message.ShouldContain("imagePulPolicy");
    }

    [Fact]
    public async Task Foreign_objects_are_named_and_not_changed()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.Client.CoreV1.CreateNamespacedServiceAsync(
            new V1Service
            {
                Metadata = new V1ObjectMeta { Name = "backend-1" },
                Spec = new V1ServiceSpec { Ports = [new V1ServicePort { Port = 80 }] },
            },
            cluster.Namespace,
            cancellationToken: Cancellation
        );
        (await new ManifestClient(cluster.Client).ForeignAsync(Objects(cluster.Namespace), Cancellation))
            .ShouldHaveSingleItem()
            .ShouldStartWith($"Service {cluster.Namespace}/backend-1 exists and is not the lab's");
    }

    [Fact]
    public async Task The_version_of_the_server_is_read()
    {
        await using var cluster = await TestCluster.StartAsync();
        var facts = await ClusterFacts.ReadAsync(cluster.Client, Cancellation);
        ((string?)facts["kubernetes"])!.ShouldStartWith("v1.");
        facts["nodes"]!.AsArray().ShouldAllBe(n => (string?)n!["name"] != null);
    }
}
