using k8s.Models;

namespace CiliumDebugging.ClusterModel;

/// <summary>Splits a Pod's name into the workload's name and the part that tells the Pod apart:
/// <c>backend-1-5978fcd57b-c62sb</c> is <c>c62sb</c> of <c>backend-1</c>. Telemetry and dashboard rows share it: they
/// are matched by <c>WORKLOAD-SHORTNAME</c>.</summary>
public static class PodNames
{
    /// <summary>The characters of generated names and hashes in Kubernetes (rand.SafeEncodeString): no vowels, no
    /// look-alikes.</summary>
    public const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    private const string TemplateHashLabel = "pod-template-hash";

    /// <summary>Length of the random end of a generated name.</summary>
    private const int RandomLength = 5;

    /// <summary>Digits of most 32-bit hashes: fewer than 7 have one hash of 4,000.</summary>
    private const int MinHashLength = 7,
        MaxHashLength = 10;

    /// <summary>The workload that a Pod belongs to: the Deployment of its ReplicaSet, its other controller (DaemonSet,
    /// Job, StatefulSet), or the Pod itself where there is none.</summary>
    public static string WorkloadOf(V1Pod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        if (Controller(pod) is not { } owner)
            return pod.Name();
        return
            owner.Kind == "ReplicaSet"
            && pod.GetLabel(TemplateHashLabel) is { Length: > 0 } hash
            && owner.Name.EndsWith($"-{hash}", StringComparison.Ordinal)
            ? owner.Name[..^(hash.Length + 1)]
            : owner.Name;
    }

    /// <summary>The Pod's name without the controller's name before it; the whole name where it has another
    /// beginning.</summary>
    public static string ShortNameOf(V1Pod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        return
            Controller(pod) is { } owner
            && pod.Name().StartsWith($"{owner.Name}-", StringComparison.Ordinal)
            && pod.Name().Length > owner.Name.Length + 1
            ? pod.Name()[(owner.Name.Length + 1)..]
            : pod.Name();
    }

    /// <summary>Workload and short name by the name alone, for places that have no more; a guess, right for the Pods of
    /// Deployments, DaemonSets, Jobs and StatefulSets whose names do not look like a hash themselves.</summary>
    /// <param name="podName">The Pod's name.</param>
    public static (string Workload, string ShortName) Split(string podName)
    {
        ArgumentNullException.ThrowIfNull(podName);
        var last = podName.LastIndexOf('-');
        if (last <= 0)
            return (podName, podName);
        var (owner, end) = (podName[..last], podName[(last + 1)..]);
        // A StatefulSet numbers its Pods.
        if (end.Length > 0 && end.All(char.IsAsciiDigit))
            return (owner, end);
        if (end.Length != RandomLength || !IsGenerated(end))
            return (podName, podName);
        var hash = owner.LastIndexOf('-');
        return
            hash > 0
            && owner.Length - hash - 1 is >= MinHashLength and <= MaxHashLength
            && IsGenerated(owner[(hash + 1)..])
            ? (owner[..hash], end)
            : (owner, end);
    }

    /// <summary>The Pod's controller, such as its ReplicaSet; null where there is none.</summary>
    public static V1OwnerReference? Controller(V1Pod pod) =>
        pod.OwnerReferences()?.FirstOrDefault(o => o.Controller is true);

    private static bool IsGenerated(string text) => text.All(Alphabet.Contains);
}
