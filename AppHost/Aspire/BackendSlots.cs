using CiliumDebugging.ClusterSetup.Topology;
using CiliumDebugging.LoadTest.Views;

namespace CiliumDebugging.AppHost;

/// <summary>Which Pod is which resource's. A Pod knows its node and not the resource it is a process of, so that several of one node are told apart by their order alone.</summary>
internal static class BackendSlots
{
    /// <summary>The Pod in a slot; null when there are fewer on its node now.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="resources">All resources.</param>
    /// <param name="pods">The ready Pods.</param>
    public static BackendPod? PodOf(PodSlot slot, IEnumerable<IResource> resources, IEnumerable<BackendPod> pods)
    {
        var same = resources.SelectMany(r => r.Annotations.OfType<PodAnnotation>()).Select(a => a.Slot).Where(s => s.Node == slot.Node && s.Workload.Name == slot.Workload.Name).Select(s => s.ResourceName)
            .OrderBy(n => n, StringComparer.Ordinal).ToList();
        return pods.Where(p => p.Node == slot.Node).OrderBy(p => p.Name, StringComparer.Ordinal).ElementAtOrDefault(same.IndexOf(slot.ResourceName));
    }
}
