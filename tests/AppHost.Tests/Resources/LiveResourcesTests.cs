using Aspire.Hosting.ApplicationModel;
using CiliumDebugging.AppHost.Resources;

namespace CiliumDebugging.AppHost.Tests.Resources;

public sealed class LiveResourcesTests
{
    [Fact]
    public void Whoever_reads_the_resources_is_not_disturbed_by_pods_that_come_and_go()
    {
        var resources = new LiveResources([new PodResource("a"), new PodResource("b")]);
        var seen = new List<string>();

        foreach (var resource in resources)
        {
            seen.Add(resource.Name);
            resources.Add(new PodResource($"{resource.Name}2"));
            resources.Remove(resources.First(r => r.Name == resource.Name)).ShouldBeTrue();
        }

        seen.ShouldBe(["a", "b"]);
        resources.Select(r => r.Name).ShouldBe(["a2", "b2"]);
        ((IResourceCollection)resources).TryGetByName("A2", out var found).ShouldBeTrue();
        found!.Name.ShouldBe("a2");
    }
}
