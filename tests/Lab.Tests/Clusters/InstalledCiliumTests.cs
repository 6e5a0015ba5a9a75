using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Tests.Running.Existing;
using k8s.Models;
using Microsoft.AspNetCore.Builder;

namespace CiliumDebugging.Lab.Tests.Clusters;

/// <summary>The release of Cilium, from what agents say of themselves.</summary>
public sealed class InstalledCiliumTests
{
    [Theory]
    [InlineData("quay.io/cilium/cilium:v1.9.0", "1.9.0")]
    [InlineData("quay.io/cilium/cilium:v1.10.0@sha256:587627d909ff0e0fd9ca397484589e9a6", "1.10.0")]
    [InlineData("registry.local:5000/cilium:v1.16.2", "1.16.2")]
    [InlineData("registry.local:5000/cilium@sha256:5876", null)]
    [InlineData("quay.io/cilium/cilium:latest", null)]
    [InlineData("quay.io/cilium/cilium-ci:4f2a", null)]
    [InlineData("registry.local:5000/1.9.0", null)]
    public void The_release_is_that_of_the_tag_and_without_one_there_are_still_agents(string image, string? release)
    {
        var cilium = InstalledCilium.Of([Agent(image), Agent(image)]);
        cilium.HasAgents.ShouldBeTrue();
        cilium.Release?.ToString().ShouldBe(release);
        if (release is null)
            cilium.ToString().ShouldBe($"a release that cannot be determined from {image}");
    }

    [Fact]
    public void Without_agents_there_is_no_Cilium()
    {
        var cilium = InstalledCilium.Of([]);
        cilium.HasAgents.ShouldBeFalse();
        cilium.ToString().ShouldBe("none");
    }

    [Fact]
    public void Agents_of_different_releases_have_none_in_common()
    {
        var cilium = InstalledCilium.Of([Agent("cilium:v1.9.0"), Agent("cilium:v1.10.0")]);
        (cilium.HasAgents, cilium.Release).ShouldBe((true, null));
        cilium.ToString().ShouldContain("cilium:v1.9.0, cilium:v1.10.0");
    }

    [Fact]
    public void The_kubelet_and_the_recommended_label_are_asked_where_the_image_has_only_a_digest()
    {
        var byStatus = Agent("cilium@sha256:5876");
        byStatus.Status = new V1PodStatus
        {
            ContainerStatuses =
            [
                new V1ContainerStatus { Name = "cilium-agent", Image = "quay.io/cilium/cilium:v1.13.4" },
            ],
        };
        InstalledCilium.Of([byStatus]).ToString().ShouldBe("1.13.4");
        var byLabel = Agent("cilium@sha256:5876");
        byLabel.Metadata.Labels["app.kubernetes.io/version"] = "1.14.1";
        InstalledCilium.Of([byLabel]).ToString().ShouldBe("1.14.1");
    }

    [Theory]
    [InlineData("# TYPE cilium_version gauge\ncilium_version{arch=\"amd64\",version=\"1.20.2\"} 1\n", "1.20.2")]
    [InlineData("cilium_version{version=\"1.20.0-rc.1\"} 1\n", null)]
    [InlineData("<html>", null)]
    [InlineData("", null)]
    public async Task An_agents_own_metric_says_the_release_that_its_Pod_does_not(string metrics, string? release)
    {
        await using var api = await FakeApiServer.StartAsync(app =>
            app.MapGet("/api/v1/namespaces/kube-system/pods/agent:9962/proxy/metrics", () =>
                Microsoft.AspNetCore.Http.Results.Text(metrics)
            )
        );
        var agent = Agent("cilium@sha256:5876");
        agent.Spec.Containers[1].Ports = [new V1ContainerPort { Name = "prometheus", ContainerPort = 9962 }];
        var cilium = await InstalledCilium.ReadAsync(
            [agent],
            new PodProxyClient(api.Client),
            TestContext.Current.CancellationToken
        );
        cilium.HasAgents.ShouldBeTrue();
        cilium.Release?.ToString().ShouldBe(release);
    }

    private static V1Pod Agent(string image) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = "agent",
                NamespaceProperty = "kube-system",
                Labels = new Dictionary<string, string> { ["k8s-app"] = "cilium" },
            },
            Spec = new V1PodSpec
            {
                Containers =
                [
                    new V1Container { Name = "config", Image = "other:v0.1.2" },
                    new V1Container { Name = "cilium-agent", Image = image },
                ],
            },
        };
}
