using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Observing;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>How requests are distributed, as a resource: its state is the verdict.</summary>
internal sealed class DistributionResource(string name) : Resource(name)
{
    /// <summary>The lab that carries out commands; null before the cluster is ready and after the lab failed.</summary>
    public LabController? Controller
    {
        get => Volatile.Read(ref field);
        set => Volatile.Write(ref field, value);
    }

    /// <summary>The work behind it, which may have to restore a cluster before the process ends.</summary>
    public Task Run { get; set; } = Task.CompletedTask;

    /// <summary>Completes when the start of the lab no longer needs every processor.</summary>
    public TaskCompletionSource Settled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Whether policies can be changed now: on an existing cluster only during a run, which restores them.
    /// </summary>
    public bool CanChangePolicies => Rights.ApplyPolicies is null && (IsEmbedded || Controller is { IsRunning: true });

    /// <summary>Whether the cluster is the lab's own.</summary>
    public bool IsEmbedded { get; set; } = true;

    /// <summary>What may be changed on the cluster.</summary>
    public ClusterRights Rights { get; set; } = ClusterRights.All;
}
