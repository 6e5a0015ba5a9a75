using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Page;
using k8s.Models;
using static System.FormattableString;
using static CiliumDebugging.AppHost.Resources.RowText;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>The text of a workload's row. Pure.</summary>
internal static class WorkloadText
{
    /// <summary>
    /// The row of a workload. <paramref name="replicas"/> is the number of Pods that it wants; null: unknown.
    /// </summary>
    public static RowText Of(
        WorkloadResource workload,
        bool isDeleted,
        int? replicas,
        IReadOnlyList<V1Pod> pods,
        PageState state
    )
    {
        var (ready, wanted) = (pods.Count(PodReadiness.IsReady), replicas ?? pods.Count);
        var names = pods.Select(p => $"{p.Namespace()}/{p.Name()}").ToHashSet(StringComparer.Ordinal);
        var rows = state.PodRows.Where(r => names.Contains(r.Key)).ToList();
        var (ok, failed) = (rows.Sum(r => r.OkPerSecond), rows.Sum(r => r.FailedPerSecond));
        return new RowText(
            isDeleted ? Styled("Deleted", KnownResourceStateStyles.Info) : StateOf(ready, wanted),
            Invariant($"{workload.Namespace}/{workload.Workload}, {wanted} {(wanted == 1 ? "pod" : "pods")}")
        )
        {
            Link = rows.Count == 0 ? null : Invariant($"{ok:0.0} successes/s, {failed:0.0} failures/s"),
            Properties =
            [
                ("namespace", workload.Namespace),
                ("pods wanted", Invariant($"{wanted}")),
                ("pods ready", Invariant($"{ready}")),
            ],
        };
    }

    private static ResourceStateSnapshot StateOf(int ready, int wanted)
    {
        if (wanted == 0)
            return Styled("Scaled to zero", KnownResourceStateStyles.Info);
        return ready >= wanted
            ? Styled(KnownResourceStates.Running, KnownResourceStateStyles.Success)
            : Styled(Invariant($"{ready} of {wanted} ready"), KnownResourceStateStyles.Warn);
    }
}
