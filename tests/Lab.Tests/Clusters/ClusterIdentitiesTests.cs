using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Testing;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Clusters;

public sealed class ClusterIdentitiesTests
{
    [Fact]
    public async Task The_embedded_cluster_is_emulated_however_it_is_reached()
    {
        await using var api = await ApiFixture.StartAsync();

        var identity = await api.Client.IdentityAsync(TestContext.Current.CancellationToken);

        identity.Kind.ShouldBe(ClusterKind.Emulated);
        identity.Notice.ShouldStartWith("Emulated: ");
    }

    [Theory]
    [InlineData("kind://docker/lab/lab-worker", ClusterKind.Kind)]
    [InlineData("cilium-debugging://cluster-worker", ClusterKind.Emulated)]
    [InlineData("aws:///eu-west-1a/i-0", ClusterKind.Existing)]
    [InlineData(null, ClusterKind.Existing)]
    public void Nodes_show_which_cluster_it_is(string? provider, ClusterKind kind) =>
        ClusterIdentities.KindOf([new V1Node { Spec = new V1NodeSpec { ProviderID = provider } }]).ShouldBe(kind);

    [Fact]
    public void A_real_cluster_has_no_notice()
    {
        new ClusterIdentity(ClusterKind.Kind, "1.9.0").Notice.ShouldBeEmpty();
        new ClusterIdentity(ClusterKind.Emulated, "1.9.0").Notice.ShouldBe(
            "Emulated: models Cilium 1.9.0 on the embedded cluster, not a measurement of Cilium"
        );
    }
}
