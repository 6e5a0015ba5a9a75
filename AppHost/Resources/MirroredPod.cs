using CiliumDebugging.Lab.Page;
using k8s.Models;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>A Pod of the cluster with its row.</summary>
/// <param name="resource">The row.</param>
/// <param name="workload">The workload it belongs to.</param>
internal sealed class MirroredPod(PodResource resource, MirroredWorkload workload)
{
    private RowText? _shown;

    public PodResource Resource => resource;

    public MirroredWorkload Workload => workload;

    /// <summary>The Pod as it was seen last.</summary>
    public required V1Pod Pod { get; set; }

    /// <summary>The selection it is in.</summary>
    public required MirroredPods Selection { get; init; }

    public (HealthStatus Status, string Reason) Health => _shown?.Health ?? (HealthStatus.Unhealthy, "starting");

    /// <summary>Publishes the row if it says anything new.</summary>
    public async Task ShowAsync(MirrorRows rows, PageState state, PageRow? share)
    {
        var text = PodText.Of(Pod, state, share);
        if (_shown?.Key == text.Key)
            return;
        // Aspire checks the health of a healthy row every 30 s only, unless its state changes: for a moment it does.
        var isHealthChange = _shown is not null && _shown.Health.Status != text.Health.Status;
        if (isHealthChange && text.State.Text == KnownResourceStates.Running)
        {
            var checking = RowText.Styled("Running, checking", KnownResourceStateStyles.Info);
            await rows.Rows.PublishAsync(resource, s => s with { State = checking });
        }
        await rows.Rows.PublishAsync(
            resource,
            s =>
                text.ApplyTo(s, rows.Page) with
                {
                    ResourceType = "Pod",
                    IconName = "Box",
                    StartTimeStamp = Pod.Status?.StartTime ?? Pod.Metadata.CreationTimestamp,
                },
            parentRow: workload.Resource.Name,
            parentName: workload.Resource.Name
        );
        _shown = text;
    }
}
