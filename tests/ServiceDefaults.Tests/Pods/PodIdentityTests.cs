using CiliumDebugging.ServiceDefaults.Pods;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace CiliumDebugging.ServiceDefaults.Tests.Pods;

public sealed class PodIdentityTests
{
    [Fact]
    public void The_downward_api_names_the_pod()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["POD_NAME"] = "backend-1-abc-12345", ["POD_NAMESPACE"] = "backend", ["NODE_NAME"] = "cluster-worker2",
        }).Build();

        PodIdentity.FromConfiguration(configuration).ShouldBe(new PodIdentity("backend-1-abc-12345", "backend", "cluster-worker2"));
    }

    [Fact]
    public void Without_a_cluster_the_machine_is_the_pod() =>
        PodIdentity.FromConfiguration(new ConfigurationBuilder().Build()).ShouldBe(new PodIdentity(Environment.MachineName, "default", Environment.MachineName));

    [Fact]
    public async Task An_api_without_its_token_is_a_clear_error()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["CLUSTER_API_URL"] = "http://127.0.0.1:1" }).Build();

        var error = await Should.ThrowAsync<FormatException>(() => PodSandbox.JoinAsync(configuration, TimeProvider.System, cancellationToken: TestContext.Current.CancellationToken));

        error.Message.ShouldContain("CLUSTER_API_TOKEN");
    }

    private static Dictionary<string, string?> FromKubelet => new()
    {
        ["CLUSTER_API_URL"] = "http://127.0.0.1:1", ["CLUSTER_API_TOKEN"] = "a-token-for-tests-only", ["POD_NAME"] = "backend-1-abc-12345", ["POD_NAMESPACE"] = "backend", ["NODE_NAME"] = "cluster-worker2",
        ["POD_UID"] = "u-1", ["POD_IP"] = "127.64.2.2", ["POD_BACKING_ADDRESS"] = "127.67.2.2", ["POD_PORT_OFFSET"] = "7", ["POD_PORTS"] = "http=8080,=9090",
    };

    [Fact]
    public async Task What_the_kubelet_says_is_the_pods_place_and_no_api_is_asked()
    {
        using var sandbox = await PodSandbox.JoinAsync(new ConfigurationBuilder().AddInMemoryCollection(FromKubelet).Build(), TimeProvider.System, cancellationToken: TestContext.Current.CancellationToken);

        sandbox.ShouldNotBeNull();
        sandbox.Identity.ShouldBe(new PodIdentity("backend-1-abc-12345", "backend", "cluster-worker2"));
        (sandbox.PodAddress.ToString(), sandbox.BackingAddress.ToString(), sandbox.PortOffset).ShouldBe(("127.64.2.2", "127.67.2.2", 7));
        sandbox.ContainerPorts.ShouldBe([8080, 9090]);
    }

    [Fact]
    public async Task A_place_without_an_address_is_a_clear_error()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(FromKubelet.Where(v => v.Key != "POD_IP")).Build();

        var error = await Should.ThrowAsync<FormatException>(() => PodSandbox.JoinAsync(configuration, TimeProvider.System, cancellationToken: TestContext.Current.CancellationToken));

        error.Message.ShouldContain("POD_IP");
    }

    [Fact]
    public async Task Telemetry_carries_the_pods_identity()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration[OtlpTarget.Variable] = "http://127.0.0.1:9";
        builder.AddServiceDefaults(new PodIdentity("backend-1-abc-12345", "backend", "cluster-worker2"));
        await using var app = builder.Build();

        var attributes = app.Services.GetRequiredService<TracerProvider>().GetResource().Attributes.ToDictionary(a => a.Key, a => a.Value.ToString());

        attributes["k8s.pod.name"].ShouldBe("backend-1-abc-12345");
        attributes["k8s.namespace.name"].ShouldBe("backend");
        attributes["k8s.node.name"].ShouldBe("cluster-worker2");
        attributes["service.instance.id"].ShouldBe("backend-1-abc-12345");
    }

    [Fact]
    public async Task Without_anybody_to_tell_nothing_is_instrumented()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration[OtlpTarget.Variable] = "";
        builder.AddServiceDefaults(new PodIdentity("backend-1-abc-12345", "backend", "cluster-worker2"));
        await using var app = builder.Build();

        app.Services.GetService<TracerProvider>().ShouldBeNull();
        // ASP.NET Core makes an activity for each request wherever this category is logged.
        app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics").IsEnabled(LogLevel.Critical).ShouldBeFalse();
    }
}
