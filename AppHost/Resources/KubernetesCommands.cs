using System.Globalization;
using System.Text.Json;
using CiliumDebugging.Lab.Page;
using k8s;
using k8s.Models;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>What can be done to the Pods and workloads of a cluster: the commands of their rows.</summary>
/// <param name="api">The cluster.</param>
/// <param name="lab">The lab, which records its own changes as events of the run.</param>
/// <param name="isOfRun">Whether a Pod (<c>namespace/name</c>) is a backend of a run that is under way.</param>
/// <param name="cluster">The cluster, named where a command is confirmed.</param>
/// <param name="time">Time source.</param>
internal sealed class KubernetesCommands(
    k8s.Kubernetes api,
    IPageCommands lab,
    Func<string, bool> isOfRun,
    ShownCluster cluster,
    TimeProvider time
)
{
    private const int MaxReplicas = 500;
    private const string ReplicasArgument = "replicas";

    /// <summary><c>delete-pod</c>, as <c>kubectl delete pod</c> does it.</summary>
    public ResourceCommandAnnotation Delete(Func<V1Pod> pod) =>
        Command(
            "delete-pod",
            "Delete the pod",
            "Deletes the pod as kubectl delete pod does; its controller makes another one.",
            "Delete",
            context => DeleteAsync(pod(), context.CancellationToken),
            arguments: [],
            refusal: cluster.Rights.DeletePods
        );

    /// <summary><c>scale</c> and <c>rollout-restart</c> of a Deployment.</summary>
    public IEnumerable<ResourceCommandAnnotation> Of(WorkloadResource workload)
    {
        if (workload.Kind != WorkloadResource.Deployment)
            yield break;
        yield return Command(
            "scale",
            "Scale",
            "Changes the number of pods, as kubectl scale does.",
            "ScaleFill",
            context => ScaleAsync(workload, context),
            [
                new InteractionInput
                {
                    Name = ReplicasArgument,
                    InputType = InputType.Number,
                    Required = true,
                    Placeholder = "3",
                },
            ]
        );
        yield return Command(
            "rollout-restart",
            "Restart the rollout",
            "Replaces the pods one after the other, as kubectl rollout restart does.",
            "ArrowSync",
            context => RestartAsync(workload, context.CancellationToken),
            arguments: []
        );
    }

    private async Task<string> DeleteAsync(V1Pod pod, CancellationToken cancellationToken)
    {
        var name = $"{pod.Namespace()}/{pod.Name()}";
        if (isOfRun(name))
            return await lab.RunAsync(new PageCommand(PageAction.DeletePod, name), cancellationToken);
        await api.CoreV1.DeleteNamespacedPodAsync(pod.Name(), pod.Namespace(), cancellationToken: cancellationToken);
        return $"pod {name} is being deleted";
    }

    private async Task<string> ScaleAsync(WorkloadResource workload, ExecuteCommandContext context)
    {
        var text = context.Arguments[ReplicasArgument].Value;
        if (
            !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var replicas)
            || replicas > MaxReplicas
        )
            throw new CommandRefusedException(
                $"{ReplicasArgument} '{text}': must be a whole number from 0 to {MaxReplicas}, for example 3"
            );
        await PatchAsync(workload, new { spec = new { replicas } }, context.CancellationToken);
        return $"{workload.Namespace}/{workload.Workload} is being scaled to {replicas}";
    }

    private async Task<string> RestartAsync(WorkloadResource workload, CancellationToken cancellationToken)
    {
        // The annotation that kubectl sets: the template differs, and so the Pods are replaced.
        var annotations = new Dictionary<string, string>
        {
            ["kubectl.kubernetes.io/restartedAt"] = time.GetUtcNow().ToString("o", CultureInfo.InvariantCulture),
        };
        await PatchAsync(
            workload,
            new { spec = new { template = new { metadata = new { annotations } } } },
            cancellationToken
        );
        return $"{workload.Namespace}/{workload.Workload} is being restarted";
    }

    private Task<V1Deployment> PatchAsync(
        WorkloadResource workload,
        object patch,
        CancellationToken cancellationToken
    ) =>
        api.AppsV1.PatchNamespacedDeploymentAsync(
            new V1Patch(JsonSerializer.Serialize(patch), V1Patch.PatchType.MergePatch),
            workload.Workload,
            workload.Namespace,
            cancellationToken: cancellationToken
        );

    private ResourceCommandAnnotation Command(
        string name,
        string title,
        string description,
        string icon,
        Func<ExecuteCommandContext, Task<string>> execute,
        IReadOnlyList<InteractionInput> arguments,
        string? refusal = null
    ) =>
        new(
            name,
            title,
            _ => refusal is null ? ResourceCommandState.Enabled : ResourceCommandState.Disabled,
            context => CommandAnswer.OfAsync(() => execute(context)),
            refusal ?? description,
            arguments,
            cluster.IsEmbedded ? null : $"{title} on {cluster.Source}?",
            icon,
            IconVariant.Regular,
            isHighlighted: name == "delete-pod"
        );
}
