using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Running.Existing;

/// <summary>Cilium in kube-system, where its chart is usually installed.</summary>
public sealed class SettingsInKubeSystemTests() : ClusterSettingsTests("kube-system");

/// <summary>Cilium in a namespace of its own, as on OpenShift.</summary>
public sealed class SettingsInOwnNamespaceTests() : ClusterSettingsTests("cilium");

/// <summary>Settings on a cluster that is not the embedded one: with a container runtime and a DaemonSet.</summary>
/// <param name="ns">The namespace of Cilium.</param>
public abstract class ClusterSettingsTests(string ns) : IAsyncLifetime
{
    private ApiFixture _api = null!;
    private readonly CancellationTokenSource _stop = new();
    private Task _daemonSet = Task.CompletedTask;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Scenario Scenario(params (string Key, string Value)[] settings) =>
        ScenarioCatalog.Load("ingress-only") with
        {
            Settings = System.Collections.Immutable.ImmutableSortedDictionary.CreateRange(
                settings.Select(s => KeyValuePair.Create(s.Key, s.Value))
            ),
        };

    private ClusterReader View => new(_api.Client, ScenarioCatalog.Load("ingress-only").Load);

    public async ValueTask InitializeAsync()
    {
        _api = await ApiFixture.StartAsync();
        await _api.Client.CoreV1.CreateNodeAsync(
            new V1Node
            {
                Metadata = new V1ObjectMeta { Name = "w1" },
                Status = new V1NodeStatus
                {
                    NodeInfo = new V1NodeSystemInfo
                    {
                        ContainerRuntimeVersion = "containerd://1.4.0",
                        KernelVersion = "5.8.0-31-generic",
                        KubeletVersion = "v1.19.16",
                        OsImage = "Ubuntu Groovy Gorilla",
                    },
                },
            },
            cancellationToken: Cancellation
        );
        if (ns != CiliumNames.SystemNamespace)
            await _api.Client.CoreV1.CreateNamespaceAsync(
                new V1Namespace { Metadata = new V1ObjectMeta { Name = ns } },
                cancellationToken: Cancellation
            );
        await _api.Client.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap
            {
                Metadata = new V1ObjectMeta { Name = "cilium-config" },
                Data = new Dictionary<string, string> { ["tunnel"] = "vxlan", ["debug"] = "false" },
            },
            ns,
            cancellationToken: Cancellation
        );
        await StartAgentAsync();
        _daemonSet = KeepAgentAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _daemonSet;
        await _api.DisposeAsync();
        _stop.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_setting_is_changed_with_a_restart_of_the_agents_and_put_back_as_it_was()
    {
        var settings = new ClusterSettings(_api.Client, TimeProvider.System);
        var first = (await AgentsAsync()).Single().Uid();
        var difference = await settings.CompareAsync(
            Scenario(("tunnel", "disabled"), ("bpf-lb-sock", "false"), ("debug", "false")),
            View,
            Cancellation
        );
        difference.Impossible.ShouldBeEmpty();
        difference.ToChange.Keys.ShouldBe(["bpf-lb-sock", "tunnel"]);

        var undo = new ClusterUndo(_api.Client);
        await undo.RememberAsync(ChangedObjects.CiliumConfig(ns), Cancellation, settings.RestartAgentsAsync);
        await settings.ChangeAsync(difference.ToChange, Cancellation);
        (await View.SettingsAsync(Cancellation)).ShouldBe(
            new Dictionary<string, string>
            {
                ["bpf-lb-sock"] = "false",
                ["debug"] = "false",
                ["tunnel"] = "disabled",
            },
            ignoreOrder: true
        );
        var second = (await AgentsAsync()).Single().Uid();
        second.ShouldNotBe(first, "agents read their settings when they start");

        (await undo.RestoreAsync(TimeProvider.System, Cancellation)).ShouldBeEmpty();
        (await View.SettingsAsync(Cancellation)).ShouldBe(
            new Dictionary<string, string> { ["debug"] = "false", ["tunnel"] = "vxlan" },
            ignoreOrder: true
        );
        (await AgentsAsync()).Single().Uid().ShouldNotBe(second);
    }

    [Fact]
    public async Task Another_release_than_the_clusters_is_refused_and_other_sandbox_settings_have_no_meaning_there()
    {
        var difference = await new ClusterSettings(_api.Client, TimeProvider.System).CompareAsync(
            Scenario(("sandbox-cilium-version", "1.10.0"), ("sandbox-sockets", "shared")),
            View,
            Cancellation
        );
        difference.ToChange.ShouldBeEmpty();
        difference
            .Impossible.ShouldHaveSingleItem()
            .ShouldContain("it is about Cilium 1.10.0, and the cluster has 1.9.0: up --kind --cilium-version 1.10.0");
    }

    [Fact]
    public async Task Agents_of_a_release_that_cannot_be_determined_are_not_missing_agents()
    {
        var settings = new ClusterSettings(_api.Client, TimeProvider.System);
        foreach (var agent in await AgentsAsync())
        {
            agent.Spec.Containers[0].Image = "registry.local:5000/cilium@sha256:5876";
            await _api.Client.CoreV1.ReplaceNamespacedPodAsync(
                agent,
                agent.Name(),
                ns,
                cancellationToken: Cancellation
            );
        }
        var difference = await settings.CompareAsync(
            Scenario(("sandbox-cilium-version", "1.10.0"), ("tunnel", "disabled")),
            View,
            Cancellation
        );
        difference.ToChange.Keys.ShouldBe(["tunnel"]);
        difference
            .Impossible.ShouldHaveSingleItem()
            .ShouldContain(
                "and the cluster has a release that cannot be determined from registry.local:5000/cilium@sha256:5876"
            );
    }

    [Fact]
    public async Task Settings_are_not_changed_without_permission()
    {
        ExistingClusterRun session = new ExistingClusterRun(
            _api.Client,
            new SessionRights { BackendImage = "b", LoadTestImage = "l" },
            TimeProvider.System
        );
        var refusal = await Should.ThrowAsync<ClusterRefusedException>(() =>
            session.RunAsync(Scenario(("tunnel", "disabled")), new NoListener(), Cancellation)
        );
        refusal.Message.ShouldContain(
            "needs tunnel=disabled in ConfigMap cilium-config; --change-settings lets it change that"
        );
        (await View.SettingsAsync(Cancellation))["tunnel"].ShouldBe("vxlan");
    }

    [Fact]
    public async Task A_report_has_the_versions_of_server_nodes_and_pods()
    {
        var details = await ClusterFacts.AddToAsync(RunDetails.Unknown, _api.Client, Cancellation);
        details.Kubernetes.ShouldBe("v1.32.0-cilium-debugging");
        details
            .Nodes.ShouldHaveSingleItem()
            .ToString()
            .ShouldBe("1 node: kubelet v1.19.16, kernel 5.8.0-31-generic, Ubuntu Groovy Gorilla, containerd://1.4.0");
        var facts = await ClusterFacts.ReadAsync(_api.Client, Cancellation);
        ((string?)facts["nodes"]![0]!["kernel"]).ShouldBe("5.8.0-31-generic");
        ((string?)facts["pods"]![0]!["images"]![0]).ShouldBe("quay.io/cilium/cilium:v1.9.0");
    }

    private async Task<IList<V1Pod>> AgentsAsync() =>
        (
            await _api.Client.CoreV1.ListNamespacedPodAsync(
                ns,
                labelSelector: "k8s-app=cilium",
                cancellationToken: Cancellation
            )
        ).Items;

    /// <summary>What the DaemonSet's controller and the kubelet do.</summary>
    private async Task KeepAgentAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            if ((await AgentsAsync()).Count == 0)
                await StartAgentAsync();
            await Task.Delay(20, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task StartAgentAsync()
    {
        var agent = await _api.Client.CoreV1.CreateNamespacedPodAsync(
            new V1Pod
            {
                Metadata = new V1ObjectMeta
                {
                    Name = $"cilium-{Guid.NewGuid():N}",
                    Labels = new Dictionary<string, string> { ["k8s-app"] = "cilium" },
                },
                Spec = new V1PodSpec
                {
                    NodeName = "w1",
                    Containers = [new V1Container { Name = "cilium-agent", Image = "quay.io/cilium/cilium:v1.9.0" }],
                },
            },
            ns,
            cancellationToken: Cancellation
        );
        (agent.Status.Phase, agent.Status.Conditions) = (
            "Running",
            [new V1PodCondition { Type = "Ready", Status = "True" }]
        );
        await _api.Client.CoreV1.ReplaceNamespacedPodStatusAsync(
            agent,
            agent.Name(),
            ns,
            cancellationToken: Cancellation
        );
    }
}
