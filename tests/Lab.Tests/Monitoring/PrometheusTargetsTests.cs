using System.Text.Json;
using CiliumDebugging.Lab.Monitoring;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Monitoring;

public sealed class PrometheusTargetsTests
{
    [Fact]
    public void A_pod_is_one_target_per_container_port_with_the_labels_of_Kubernetes_discovery()
    {
        var targets = JsonDocument
            .Parse(PrometheusTargets.Render([Pod("backend-1-x", "127.7.1.2", ("http", 8080), ("admin", 9000))]))
            .RootElement;

        targets.GetArrayLength().ShouldBe(2);
        targets[0].GetProperty("targets")[0].GetString().ShouldBe("127.7.1.2:8080");
        targets[1].GetProperty("targets")[0].GetString().ShouldBe("127.7.1.2:9000");
        var labels = targets[0].GetProperty("labels");
        labels.GetProperty("__meta_kubernetes_namespace").GetString().ShouldBe("backend");
        labels.GetProperty("__meta_kubernetes_pod_name").GetString().ShouldBe("backend-1-x");
        labels.GetProperty("__meta_kubernetes_pod_phase").GetString().ShouldBe("Running");
        labels.GetProperty("__meta_kubernetes_pod_container_port_name").GetString().ShouldBe("http");
        labels.GetProperty("__meta_kubernetes_pod_label_app_kubernetes_io_name").GetString().ShouldBe("echo");
        labels
            .GetProperty("__meta_kubernetes_pod_annotation_sandbox_cilium_debugging_port_http")
            .GetString()
            .ShouldBe("10080");
    }

    [Fact]
    public void A_pod_without_an_address_is_not_a_target() =>
        PrometheusTargets.Render([Pod("pending", null, ("http", 8080))]).ShouldBe("[]");

    private static V1Pod Pod(string name, string? ip, params (string Name, int Port)[] ports) =>
        new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = "backend",
                Uid = "u",
                Labels = new Dictionary<string, string> { ["app.kubernetes.io/name"] = "echo" },
                Annotations = new Dictionary<string, string> { ["sandbox.cilium-debugging/port-http"] = "10080" },
            },
            Spec = new V1PodSpec
            {
                NodeName = "n",
                Containers =
                [
                    new V1Container
                    {
                        Name = "c",
                        Ports = [.. ports.Select(p => new V1ContainerPort { Name = p.Name, ContainerPort = p.Port })],
                    },
                ],
            },
            Status = new V1PodStatus { PodIP = ip, Phase = "Running" },
        };
}
