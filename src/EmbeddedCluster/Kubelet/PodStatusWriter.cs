using CiliumDebugging.EmbeddedCluster.ControlPlane.Informers;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Kubelet;

internal sealed class PodStatusWriter(IKubernetes api, V1Pod pod, string podIp, string hostIp, TimeProvider time)
{
    public V1ContainerState Running() => new() { Running = new V1ContainerStateRunning { StartedAt = Now } };

    public static V1ContainerState Waiting(string reason, string? message = null) =>
        new()
        {
            Waiting = new V1ContainerStateWaiting { Reason = reason, Message = message },
        };

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

    /// <summary>
    /// Writes the whole status, again until the API answers: a Pod's worker writes each state once. <paramref
    /// name="last"/> is how the container ended before its restart.
    /// </summary>
    public async Task WriteAsync(
        string phase,
        bool ready,
        V1ContainerState state,
        CancellationToken cancellationToken,
        int restarts = 0,
        V1ContainerState? last = null
    )
    {
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
                Condition("PodScheduled", true),
                Condition("Initialized", true),
                Condition("ContainersReady", ready),
                Condition("Ready", ready),
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
            var (patch, name, ns) = (MergePatches.OfStatus(status), pod.Name(), pod.Namespace());
            await ApiRetry.UntilAnsweredAsync(
                stop => api.CoreV1.PatchNamespacedPodStatusAsync(patch, name, ns, cancellationToken: stop),
                time,
                cancellationToken
            );
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is System.Net.HttpStatusCode.NotFound)
        {
            // Deleted meanwhile: the watch ends its worker.
        }
    }

    private V1PodCondition Condition(string type, bool holds) =>
        new()
        {
            Type = type,
            Status = holds ? "True" : "False",
            LastTransitionTime = Now,
        };
}
