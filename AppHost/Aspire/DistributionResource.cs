using CiliumDebugging.ClusterSetup.Steering;

namespace CiliumDebugging.AppHost;

/// <summary>The run of scenarios as a resource: its state is the verdict on how the requests are distributed.</summary>
internal sealed class DistributionResource(string name) : Resource(name)
{
    private volatile LabSession? _session;

    /// <summary>The lab, which commands steer; null before the Pods run and after the lab broke.</summary>
    public LabSession? Session
    {
        get => _session;
        set => _session = value;
    }
}
