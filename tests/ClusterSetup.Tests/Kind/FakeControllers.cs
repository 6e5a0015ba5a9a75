using k8s;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Tests.Kind;

/// <summary>What controllers and kubelets do: Cilium's DaemonSet and every Deployment have their Pods.</summary>
internal sealed class FakeControllers : IAsyncDisposable
{
    private readonly IKubernetes _api;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    private FakeControllers(IKubernetes api)
    {
        _api = api;
        _running = MakeDeploymentsReadyAsync();
    }

    public static async Task<FakeControllers> StartAsync(IKubernetes api)
    {
        var agents = await api.AppsV1.CreateNamespacedDaemonSetAsync(Agents(), "kube-system");
        agents.Status = new V1DaemonSetStatus
        {
            NumberReady = 2,
            DesiredNumberScheduled = 2,
            UpdatedNumberScheduled = 2,
            CurrentNumberScheduled = 2,
        };
        await api.AppsV1.ReplaceNamespacedDaemonSetStatusAsync(agents, "cilium", "kube-system");
        return new FakeControllers(api);
    }

    private static V1DaemonSet Agents()
    {
        var labels = new Dictionary<string, string> { ["k8s-app"] = "cilium" };
        return new V1DaemonSet
        {
            Metadata = new V1ObjectMeta { Name = "cilium", Labels = labels },
            Spec = new V1DaemonSetSpec
            {
                Selector = new V1LabelSelector { MatchLabels = labels },
                Template = new V1PodTemplateSpec
                {
                    Metadata = new V1ObjectMeta { Labels = labels },
                    Spec = new V1PodSpec { Containers = [new V1Container { Name = "cilium-agent", Image = "c" }] },
                },
            },
        };
    }

    private async Task MakeDeploymentsReadyAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var deployments = await _api.AppsV1.ListDeploymentForAllNamespacesAsync();
            foreach (var deployment in deployments.Items.Where(d => d.Status?.ReadyReplicas != d.Spec.Replicas))
            {
                var replicas = deployment.Spec.Replicas;
                var status = $$$"""{"status":{"replicas":{{{replicas}}},"readyReplicas":{{{replicas}}} }}""";
                await _api.AppsV1.PatchNamespacedDeploymentStatusAsync(
                    new V1Patch(status, V1Patch.PatchType.MergePatch),
                    deployment.Name(),
                    deployment.Namespace()
                );
            }
            await Task.Delay(50, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }
}
