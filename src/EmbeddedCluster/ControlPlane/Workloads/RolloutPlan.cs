using System.Globalization;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane.Workloads;

/// <summary>How large each ReplicaSet of a Deployment is to be next. Pure.</summary>
internal static class RolloutPlan
{
    /// <summary>The ReplicaSets whose size changes, with their new size.</summary>
    /// <param name="spec">What the Deployment requests.</param>
    /// <param name="current">The ReplicaSet of the present template; null while a paused Deployment has none.</param>
    /// <param name="sets">All of them, in the order of their revisions.</param>
    public static IEnumerable<(V1ReplicaSet Set, int Replicas)> Of(
        V1DeploymentSpec spec,
        V1ReplicaSet? current,
        IReadOnlyList<V1ReplicaSet> sets
    )
    {
        var desired = spec.Replicas ?? 1;
        var old = sets.Where(s => s != current && Size(s) > 0).ToList();
        if (spec.Paused is true || current is null)
        {
            // A paused rollout still follows replicas, where one template has all Pods.
            if (old.Count == 0 && current is not null)
                yield return (current, desired);
            else if (old.Count == 1 && (current is null || Size(current) == 0))
                yield return (old[0], desired);
            yield break;
        }
        if (spec.Strategy?.Type == "Recreate")
        {
            foreach (var set in old)
                yield return (set, 0);
            if (sets.All(s => s == current || (Size(s) == 0 && (s.Status?.Replicas ?? 0) == 0)))
                yield return (current, desired);
            yield break;
        }
        var total = sets.Sum(Size);
        var room = Math.Max(0, desired + MaxSurge(spec) - total);
        yield return (current, Math.Min(desired, Size(current) + room));
        foreach (var step in Shrink(spec, current, old, total))
            yield return step;
    }

    /// <summary>
    /// Old replicas are removed as far as enough available ones remain, those that are not available first.
    /// </summary>
    private static IEnumerable<(V1ReplicaSet Set, int Replicas)> Shrink(
        V1DeploymentSpec spec,
        V1ReplicaSet current,
        List<V1ReplicaSet> old,
        int total
    )
    {
        var least = (spec.Replicas ?? 1) - MaxUnavailable(spec);
        var spare = total - least - Math.Max(0, Size(current) - Available(current));
        foreach (var set in old)
        {
            var broken = Math.Min(Math.Max(0, spare), Math.Max(0, Size(set) - Available(set)));
            var healthy = Math.Clamp(spare - broken, 0, Math.Min(Available(set), Size(set) - broken));
            spare -= broken + healthy;
            yield return (set, Size(set) - broken - healthy);
        }
    }

    /// <summary>Pods that may be there beyond the desired number.</summary>
    public static int MaxSurge(V1DeploymentSpec spec) =>
        Resolve(spec.Strategy?.RollingUpdate?.MaxSurge, spec.Replicas ?? 1, Math.Ceiling);

    /// <summary>Pods that may be missing from the desired number; at least one where no surge is allowed.</summary>
    public static int MaxUnavailable(V1DeploymentSpec spec)
    {
        if (spec.Strategy?.Type == "Recreate")
            return spec.Replicas ?? 1;
        var unavailable = Resolve(spec.Strategy?.RollingUpdate?.MaxUnavailable, spec.Replicas ?? 1, Math.Floor);
        return unavailable == 0 && MaxSurge(spec) == 0 ? 1 : unavailable;
    }

    private static int Size(V1ReplicaSet set) => set.Spec.Replicas ?? 0;

    private static int Available(V1ReplicaSet set) => set.Status?.AvailableReplicas ?? 0;

    private static int Resolve(IntOrString? value, int of, Func<double, double> round)
    {
        var text = value?.Value ?? "25%";
        var isShare = text.EndsWith('%');
        _ = int.TryParse(isShare ? text[..^1] : text, NumberStyles.None, null, out var number);
        return isShare ? (int)round(of * (double)number / 100) : number;
    }
}
