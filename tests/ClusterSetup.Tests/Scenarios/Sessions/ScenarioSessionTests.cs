using CiliumDebugging.ClusterSetup.Manifests;
using CiliumDebugging.ClusterSetup.Scenarios;
using CiliumDebugging.ClusterSetup.Scenarios.Sessions;
using CiliumDebugging.ClusterSetup.Tests.Embedded.Api;
using CiliumDebugging.LoadTest.Report;
using k8s;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Tests.Scenarios.Sessions;

public class ScenarioSessionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_namespace_that_is_not_the_labs_is_refused_and_nothing_is_touched()
    {
        await using var api = await ApiFixture.StartAsync();
        await api.Client.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = "backend" } }, cancellationToken: Cancellation);
        var session = new ScenarioSession(api.Client, new SessionRights { BackendImage = "b", LoadTestImage = "l" }, TimeProvider.System);
        var refusal = await Should.ThrowAsync<ClusterRefusedException>(() => session.RunAsync(ScenarioCatalog.Load("two-sided-l7"), new Silent(), Cancellation));
        refusal.Message.ShouldContain("Namespace backend exists and is not the lab's");
        (await api.Client.CoreV1.ListNamespaceAsync(cancellationToken: Cancellation)).Items.Select(n => n.Name()).ShouldNotContain("load-test");
    }

    [Fact]
    public async Task What_a_cluster_lacks_is_said_at_once()
    {
        await using var api = await ApiFixture.StartAsync();
        var session = new ScenarioSession(api.Client, new SessionRights(), TimeProvider.System);
        var refusal = await Should.ThrowAsync<ClusterRefusedException>(() => session.RunAsync(ScenarioCatalog.Load("fixed-1-10"), new Silent(), Cancellation));
        refusal.Message.ShouldContain("--backend-image");
        refusal.Message.ShouldContain("it is about Cilium 1.10.0, and the cluster has none");
        refusal.Message.ShouldContain("tunnel");
    }

    [Fact]
    public async Task Objects_are_applied_by_server_side_apply_and_applying_them_again_changes_nothing()
    {
        await using var api = await ApiFixture.StartAsync();
        var client = new ManifestClient(api.Client);
        var manifests = LabManifests.Render(new ManifestValues { BackendCnp = true, Dashboard = false, Prometheus = false });
        foreach (var manifest in manifests) await client.ApplyAsync(manifest, Cancellation);
        foreach (var manifest in manifests) (await client.IsAppliedAsync(manifest, Cancellation)).ShouldBeTrue(manifest.ToString());
        (await client.ForeignAsync(manifests, Cancellation)).ShouldBeEmpty();
        var before = (await client.ReadAsync(manifests[0], Cancellation))!["metadata"]!["resourceVersion"]!.ToString();
        await client.ApplyAsync(manifests[0], Cancellation);
        (await client.ReadAsync(manifests[0], Cancellation))!["metadata"]!["resourceVersion"]!.ToString().ShouldBe(before);
        var policy = manifests.Single(m => m.Kind == "CiliumNetworkPolicy");
        await client.DeleteAsync(policy, Cancellation);
        await client.DeleteAsync(policy, Cancellation);
        (await client.ReadAsync(policy, Cancellation)).ShouldBeNull();
    }

    private sealed class Silent : IRunObserver
    {
        public void OnStep(string what)
        {
        }

        public void OnSample(LiveSample sample)
        {
        }

        public void OnReport(RunReport report)
        {
        }
    }
}
