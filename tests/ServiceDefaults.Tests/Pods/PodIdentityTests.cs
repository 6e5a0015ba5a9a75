using CiliumDebugging.ServiceDefaults.Pods;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace CiliumDebugging.ServiceDefaults.Tests.Pods;

public sealed class PodIdentityTests
{
    [Fact]
    public void The_downward_api_names_the_pod()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    ["POD_NAME"] = "backend-1-abc-12345",
                    ["POD_NAMESPACE"] = "backend",
                    ["NODE_NAME"] = "cluster-worker2",
                }
            )
            .Build();

        PodIdentity
            .FromConfiguration(configuration)
            .ShouldBe(new PodIdentity("backend-1-abc-12345", "backend", "cluster-worker2"));
    }

    [Fact]
    public void Without_a_cluster_the_machine_is_the_pod() =>
        PodIdentity
            .FromConfiguration(new ConfigurationBuilder().Build())
            .ShouldBe(new PodIdentity(Environment.MachineName, "default", Environment.MachineName));

    private static Dictionary<string, string?> FromKubelet =>
        new()
        {
            ["CLUSTER_API_URL"] = "http://127.0.0.1:1",
            ["CLUSTER_API_TOKEN"] = "a-token-for-tests-only",
            ["POD_NAME"] = "backend-1-abc-12345",
            ["POD_NAMESPACE"] = "backend",
            ["NODE_NAME"] = "cluster-worker2",
            ["POD_UID"] = "u-1",
            ["POD_IP"] = "127.64.2.2",
            ["POD_BACKING_ADDRESS"] = "127.67.2.2",
            ["POD_PORT_OFFSET"] = "7",
            ["POD_PORTS"] = "http=8080,=9090",
        };

    [Fact]
    public void What_the_kubelet_says_is_the_pods_place()
    {
        var sandbox = PodSandbox.OfKubelet(new ConfigurationBuilder().AddInMemoryCollection(FromKubelet).Build());

        sandbox.ShouldNotBeNull();
        sandbox.Identity.ShouldBe(new PodIdentity("backend-1-abc-12345", "backend", "cluster-worker2"));
        (sandbox.PodAddress.ToString(), sandbox.BackingAddress.ToString(), sandbox.PortOffset).ShouldBe(
            ("127.64.2.2", "127.67.2.2", 7)
        );
        sandbox.ContainerPorts.ShouldBe([8080, 9090]);
    }

    [Fact]
    public void A_process_that_no_kubelet_started_has_no_place_and_joins_no_cluster()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            FromKubelet.Where(v => v.Key != "POD_BACKING_ADDRESS")
        );
        PodSandbox.OfKubelet(configuration.Build()).ShouldBeNull();
    }

    [Theory]
    [InlineData("POD_IP"), InlineData("POD_UID"), InlineData("CLUSTER_API_URL"), InlineData("CLUSTER_API_TOKEN")]
    public void An_incomplete_place_is_a_clear_error(string missing)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(FromKubelet.Where(v => v.Key != missing))
            .Build();

        Should.Throw<FormatException>(() => PodSandbox.OfKubelet(configuration)).Message.ShouldContain(missing);
    }

    [Fact]
    public async Task Telemetry_carries_the_pods_identity()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration[OtlpTarget.Variable] = "http://127.0.0.1:9";
        builder.AddServiceDefaults(new PodIdentity("backend-1-abc-12345", "backend", "cluster-worker2"));
        await using var app = builder.Build();

        var attributes = app
            .Services.GetRequiredService<TracerProvider>()
            .GetResource()
            .Attributes.ToDictionary(a => a.Key, a => a.Value.ToString());

        attributes["k8s.pod.name"].ShouldBe("backend-1-abc-12345");
        attributes["k8s.namespace.name"].ShouldBe("backend");
        attributes["k8s.node.name"].ShouldBe("cluster-worker2");
        attributes["service.instance.id"].ShouldBe("backend-1-abc-12345");
    }

    [Theory]
    [InlineData("service.instance.id=12345,k8s.pod.name=backend-1-abc-12345", "12345")]
    [InlineData("", "abc-12345")] // manifests name the service alone; a dashboard shows SERVICE-INSTANCE
    public async Task The_environment_names_service_and_instance(string attributes, string instance)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration[OtlpTarget.Variable] = "http://127.0.0.1:9";
        builder.Configuration["OTEL_SERVICE_NAME"] = "backend-1";
        builder.Configuration["OTEL_RESOURCE_ATTRIBUTES"] = attributes;
        builder.AddServiceDefaults(new PodIdentity("backend-1-abc-12345", "backend", "cluster-worker2"));
        await using var app = builder.Build();

        var resource = app
            .Services.GetRequiredService<TracerProvider>()
            .GetResource()
            .Attributes.ToDictionary(a => a.Key, a => a.Value.ToString());

        resource["service.name"].ShouldBe("backend-1");
        resource["service.instance.id"].ShouldBe(instance);
        resource["k8s.pod.name"].ShouldBe("backend-1-abc-12345");
        resource["k8s.node.name"].ShouldBe("cluster-worker2");
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
        app.Services.GetRequiredService<ILoggerFactory>()
            .CreateLogger("Microsoft.AspNetCore.Hosting.Diagnostics")
            .IsEnabled(LogLevel.Critical)
            .ShouldBeFalse();
    }
}
