using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Running.Existing;

public class ExistingClusterRunTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_namespace_that_is_not_the_labs_is_refused_and_nothing_is_touched()
    {
        await using var api = await ApiFixture.StartAsync();
        await api.Client.CoreV1.CreateNamespaceAsync(
            new V1Namespace { Metadata = new V1ObjectMeta { Name = "backend" } },
            cancellationToken: Cancellation
        );
        ExistingClusterRun session = new ExistingClusterRun(
            api.Client,
            new SessionRights { BackendImage = "b", LoadTestImage = "l" },
            TimeProvider.System
        );
        var refusal = await Should.ThrowAsync<ClusterRefusedException>(() =>
            session.RunAsync(ScenarioCatalog.Load("two-sided-l7"), new NoListener(), Cancellation)
        );
        refusal.Message.ShouldContain("Namespace backend exists and is not the lab's");
        (await api.Client.CoreV1.ListNamespaceAsync(cancellationToken: Cancellation))
            .Items.Select(n => n.Name())
            .ShouldNotContain("load-test");
    }

    [Fact]
    public async Task What_a_cluster_lacks_is_said_at_once()
    {
        await using var api = await ApiFixture.StartAsync();
        ExistingClusterRun session = new ExistingClusterRun(api.Client, new SessionRights(), TimeProvider.System);
        var refusal = await Should.ThrowAsync<ClusterRefusedException>(() =>
            session.RunAsync(ScenarioCatalog.Load("fixed-1-10"), new NoListener(), Cancellation)
        );
        refusal.Message.ShouldContain("--backend-image");
        refusal.Message.ShouldContain("it is about Cilium 1.10.0, and the cluster has none");
        refusal.Message.ShouldContain("tunnel");
    }
}
