using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Page;
using k8s.Models;
using static CiliumDebugging.AppHost.Resources.RowText;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>What the row of a workload says. Pure.</summary>
internal static class WorkloadText
{
    /// <summary>The row of a workload.</summary>
    /// <param name="workload">The workload.</param>
    /// <param name="isGone">Whether it was deleted.</param>
    /// <param name="replicas">Pods that are wanted; null: unknown.</param>
    /// <param name="pods">Its Pods.</param>
    /// <param name="state">The lab.</param>
    public static RowText Of(
        WorkloadResource workload,
        bool isGone,
        int? replicas,
        IReadOnlyList<V1Pod> pods,
        PageState state
    )
    {
        var (ready, wanted) = (pods.Count(PodReadiness.IsReady), replicas ?? pods.Count);
        var names = pods.Select(p => $"{p.Namespace()}/{p.Name()}").ToHashSet(StringComparer.Ordinal);
        var rows = state.PodRows.Where(r => names.Contains(r.Key)).ToList();
        return new RowText(
            isGone ? Styled("Deleted", KnownResourceStateStyles.Info) : StateOf(ready, wanted),
            F($"{workload.Namespace}/{workload.Workload}, {wanted} {(wanted == 1 ? "pod" : "pods")}")
        )
        {
            Link =
                rows.Count == 0
                    ? null
                    : F(
                        $"{rows.Sum(r => r.OkPerSecond):0.0} successes/s, {rows.Sum(r => r.FailedPerSecond):0.0} failures/s"
                    ),
            Properties =
            [
                ("namespace", workload.Namespace),
                ("pods wanted", F($"{wanted}")),
                ("pods ready", F($"{ready}")),
            ],
        };
    }

    private static ResourceStateSnapshot StateOf(int ready, int wanted) =>
        wanted == 0 ? Styled("Scaled to zero", KnownResourceStateStyles.Info)
        : ready >= wanted ? Styled(KnownResourceStates.Running, KnownResourceStateStyles.Success)
        : Styled(F($"{ready} of {wanted} ready"), KnownResourceStateStyles.Warn);
}
