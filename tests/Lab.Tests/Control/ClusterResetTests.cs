using System.Collections.Immutable;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Control;

public sealed class ClusterResetTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_next_run_has_its_own_settings_and_the_service_without_the_node_port_of_the_last()
    {
        await using var api = await ApiFixture.StartAsync();
        var scenario = ScenarioCatalog.Load("traffic-policy-local");
        var step = new ServiceStep("ClientIP", 60, null, null, "Local");
        await api.Client.CoreV1.CreateNamespaceAsync(
            new V1Namespace { Metadata = new V1ObjectMeta { Name = scenario.Load.Namespace } },
            cancellationToken: Cancellation
        );
        await api.Client.CoreV1.CreateNamespacedServiceAsync(
            new V1Service
            {
                Metadata = new V1ObjectMeta { Name = scenario.Load.Service },
                Spec = new V1ServiceSpec { Ports = [new V1ServicePort { Port = 8080 }] },
            },
            scenario.Load.Namespace,
            cancellationToken: Cancellation
        );
        await api.Client.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap
            {
                Metadata = new V1ObjectMeta { Name = "cilium-config" },
                Data = new Dictionary<string, string> { ["debug"] = "true" },
            },
            "kube-system",
            cancellationToken: Cancellation
        );
        var undo = new ClusterUndo(api.Client);
        await undo.RememberAsync(scenario with { Steps = [step] }, Cancellation);
        await new ClusterChanges(api.Client).PatchServiceAsync(
            scenario.Load,
            ClusterChanges.SpecOf(step),
            Cancellation
        );

        var settings = ImmutableSortedDictionary<string, string>.Empty.Add("tunnel", "disabled");
        await new ClusterReset(api.Client, TimeProvider.System, undo).RunAsync(scenario, settings, Cancellation);

        var service = await api.Client.CoreV1.ReadNamespacedServiceAsync(
            scenario.Load.Service,
            scenario.Load.Namespace,
            cancellationToken: Cancellation
        );
        (service.Spec.Type, service.Spec.SessionAffinity).ShouldBe(("ClusterIP", "None"));
        service.Spec.ExternalTrafficPolicy.ShouldBeNull();
        service.Spec.Ports.ShouldHaveSingleItem().NodePort.ShouldBeNull();
        var map = await api.Client.CoreV1.ReadNamespacedConfigMapAsync(
            "cilium-config",
            "kube-system",
            cancellationToken: Cancellation
        );
        map.Data.ShouldBe(settings);
    }
}
