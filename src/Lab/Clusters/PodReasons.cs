using CiliumDebugging.ClusterModel;
using k8s.Models;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>Why a Pod is not ready, in the words of its own status.</summary>
public static class PodReasons
{
    /// <summary>Reasons of a container that is about to start.</summary>
    private static readonly string[] s_starting = ["ContainerCreating", "PodInitializing"];

    /// <summary>The reason; null for a Pod that is ready, or that is about to start.</summary>
    public static string? Of(V1Pod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        if (pod.Metadata?.DeletionTimestamp is not null)
            return "is being deleted";
        if (pod.IsReady())
            return null;
        var status = pod.Status;
        if (status?.Conditions?.FirstOrDefault(c => c is { Type: "PodScheduled", Status: "False" }) is { } unscheduled)
            return Words(unscheduled.Reason, unscheduled.Message);
        var containers = (status?.InitContainerStatuses ?? []).Concat(status?.ContainerStatuses ?? []).ToList();
        if (containers.Find(c => IsStuck(c.State?.Waiting)) is { } waiting)
            return Words(waiting.State.Waiting.Reason, waiting.State.Waiting.Message);
        if (containers.Find(c => c.State?.Terminated is { ExitCode: not 0 }) is { } ended)
            return $"container {ended.Name} ended with exit code {ended.State.Terminated.ExitCode}"
                + Detail(ended.State.Terminated.Message ?? ended.State.Terminated.Reason);
        if (containers.Find(c => c is { Ready: false, State.Running: not null }) is { } unready)
            return $"container {unready.Name} runs and is not ready";
        return status?.Reason is { Length: > 0 } reason ? Words(reason, status.Message) : null;
    }

    /// <summary>The first Pods that are not ready with their reasons; empty when all are ready.</summary>
    /// <param name="pods">The Pods.</param>
    /// <param name="max">How many to name.</param>
    public static string Describe(IEnumerable<V1Pod> pods, int max = 3)
    {
        var reasons = pods.Where(p => !p.IsReady() || p.Metadata?.DeletionTimestamp is not null)
            .Select(p => (p.Metadata.Name, Reason: Of(p) ?? Starting(p)))
            .ToList();
        var more = reasons.Count > max ? $"; and {reasons.Count - max} more" : "";
        return string.Join("; ", reasons.Take(max).Select(p => $"pod {p.Name}: {p.Reason}")) + more;
    }

    private static string Starting(V1Pod pod)
    {
        var waiting = (pod.Status?.ContainerStatuses ?? []).FirstOrDefault(c => c.State?.Waiting is not null);
        return $"is starting ({waiting?.State.Waiting.Reason ?? pod.Status?.Phase ?? "Pending"})";
    }

    private static bool IsStuck(V1ContainerStateWaiting? waiting) =>
        waiting?.Reason is { } reason && !s_starting.Contains(reason, StringComparer.Ordinal);

    private static string Words(string? reason, string? message) => $"{reason}{Detail(message)}".Trim();

    private static string Detail(string? message) => string.IsNullOrWhiteSpace(message) ? "" : $": {message.Trim()}";
}
