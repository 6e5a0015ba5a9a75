using CiliumDebugging.Lab.Page;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>A workload of the cluster with its row.</summary>
internal sealed class MirroredWorkload(WorkloadResource resource)
{
    private string? _shown;

    public WorkloadResource Resource => resource;

    public List<MirroredPod> Pods { get; } = [];

    /// <summary>Whether its row is there from the beginning.</summary>
    public bool IsOfApplication { get; init; }

    public bool IsDeleted { get; set; }

    /// <summary>Number of Pods that its Deployment wants; null: unknown.</summary>
    public int? Replicas { get; set; }

    /// <summary>Publishes the row if it says anything new.</summary>
    public async Task ShowAsync(MirrorRows rows, PageState state)
    {
        var text = WorkloadText.Of(resource, IsDeleted, Replicas, [.. Pods.Select(p => p.Pod)], state);
        if (_shown == text.Key)
            return;
        _shown = text.Key;
        await rows.Rows.PublishAsync(
            resource,
            s => text.ApplyTo(s, rows.Page) with { ResourceType = resource.Kind, IconName = "Stack" },
            parentRow: rows.ClusterRow,
            parentName: "cluster"
        );
    }
}
