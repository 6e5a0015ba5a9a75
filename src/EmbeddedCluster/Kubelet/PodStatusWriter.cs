using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Kubelet;

/// <summary>Writes the status of one Pod.</summary>
internal sealed class PodStatusWriter(IKubernetes api, V1Pod pod, string podIp, string hostIp, TimeProvider time)
{
    /// <summary>A container that runs since now.</summary>
    public V1ContainerState Running() => new() { Running = new V1ContainerStateRunning { StartedAt = Now } };

    /// <summary>A container that does not run.</summary>
    public static V1ContainerState Waiting(string reason, string? message = null) =>
        new()
        {
            Waiting = new V1ContainerStateWaiting { Reason = reason, Message = message },
        };

    /// <summary>A container that ended now.</summary>
    public V1ContainerState Terminated(int exitCode) =>
        new()
        {
            Terminated = new V1ContainerStateTerminated
            {
                ExitCode = exitCode,
                Reason = exitCode == 0 ? "Completed" : "Error",
                FinishedAt = Now,
            },
        };

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Writes it whole.</summary>
    /// <param name="phase">Pending, Running, Succeeded or Failed.</param>
    /// <param name="ready">Whether it takes traffic.</param>
    /// <param name="state">What the container does.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="restarts">How often the container was started again.</param>
    /// <param name="last">How the container ended the time before.</param>
    public async Task WriteAsync(
        string phase,
        bool ready,
        V1ContainerState state,
        CancellationToken cancellationToken,
        int restarts = 0,
        V1ContainerState? last = null
    )
    {
        var now = Now;
        var answer = ready ? "True" : "False";
        var container = pod.Spec.Containers[0];
        var status = new V1PodStatus
        {
            Phase = phase,
            PodIP = podIp,
            PodIPs = [new V1PodIP { Ip = podIp }],
            HostIP = hostIp,
            StartTime = pod.Metadata.CreationTimestamp,
            Conditions =
            [
                new V1PodCondition
                {
                    Type = "PodScheduled",
                    Status = "True",
                    LastTransitionTime = now,
                },
                new V1PodCondition
                {
                    Type = "Initialized",
                    Status = "True",
                    LastTransitionTime = now,
                },
                new V1PodCondition
                {
                    Type = "ContainersReady",
                    Status = answer,
                    LastTransitionTime = now,
                },
                new V1PodCondition
                {
                    Type = "Ready",
                    Status = answer,
                    LastTransitionTime = now,
                },
            ],
            ContainerStatuses =
            [
                new V1ContainerStatus
                {
                    Name = container.Name,
                    Image = container.Image ?? "",
                    ImageID = "",
                    Ready = ready,
                    RestartCount = restarts,
                    Started = state.Running is not null,
                    State = state,
                    LastState = last,
                },
            ],
        };
        try
        {
            await api.CoreV1.PatchNamespacedPodStatusAsync(
                new V1Patch($$"""{"status":{{KubernetesJson.Serialize(status)}}}""", V1Patch.PatchType.MergePatch),
                pod.Name(),
                pod.Namespace(),
                cancellationToken: cancellationToken
            );
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is System.Net.HttpStatusCode.NotFound)
        {
            // Deleted meanwhile: whoever runs it is told by the watch.
        }
    }
}
