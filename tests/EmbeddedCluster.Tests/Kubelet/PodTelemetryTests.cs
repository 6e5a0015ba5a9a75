using CiliumDebugging.EmbeddedCluster.Kubelet;
using k8s.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CiliumDebugging.EmbeddedCluster.Tests.Kubelet;

public sealed class PodTelemetryTests
{
    private static V1Pod Pod(params V1EnvVar[] env) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = "backend-1-5978fcd57b-c62sb",
                NamespaceProperty = "backend",
                Uid = "u",
                Labels = new Dictionary<string, string> { ["pod-template-hash"] = "5978fcd57b" },
                OwnerReferences =
                [
                    new V1OwnerReference
                    {
                        Kind = "ReplicaSet",
                        Name = "backend-1-5978fcd57b",
                        Controller = true,
                    },
                ],
            },
            Spec = new V1PodSpec
            {
                NodeName = "a node, 100 % = mine",
                Containers = [new V1Container { Name = "c", Env = env }],
            },
        };

    private static Dictionary<string, string> Environment(V1Pod pod) =>
        new ContainerRuntime(
            new Uri("https://127.0.0.1:1"),
            "token",
            null,
            new PodOutputs((_, _) => null),
            TimeProvider.System
        ).Environment(pod, pod.Spec.Containers[0], new PodPlace("127.64.2.2", "127.64.2.1", "127.67.2.2", 0));

    [Fact]
    public void A_pods_telemetry_is_its_own_and_OpenTelemetry_reads_the_attributes_as_they_are()
    {
        var environment = Environment(Pod());

        environment["OTEL_SERVICE_NAME"].ShouldBe("backend-1");
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(environment!).Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration);
        services
            .AddOpenTelemetry()
            .WithTracing(tracing => tracing.ConfigureResource(r => r.AddEnvironmentVariableDetector()));
        using var provider = services.BuildServiceProvider();
        var resource = provider.GetRequiredService<TracerProvider>().GetResource();
        var attributes = resource.Attributes.ToDictionary(a => a.Key, a => a.Value.ToString(), StringComparer.Ordinal);
        attributes["service.name"].ShouldBe("backend-1");
        attributes["service.instance.id"].ShouldBe("c62sb");
        attributes["k8s.pod.name"].ShouldBe("backend-1-5978fcd57b-c62sb");
        attributes["k8s.namespace.name"].ShouldBe("backend");
        attributes["k8s.node.name"].ShouldBe("a node, 100 % = mine");
    }

    [Fact]
    public void What_the_pods_own_env_says_wins()
    {
        var environment = Environment(Pod(new V1EnvVar { Name = "OTEL_SERVICE_NAME", Value = "mine" }));

        environment["OTEL_SERVICE_NAME"].ShouldBe("mine");
        environment["OTEL_RESOURCE_ATTRIBUTES"].ShouldStartWith("service.instance.id=c62sb,");
    }
}
