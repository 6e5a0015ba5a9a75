namespace CiliumDebugging.AppHost.Resources;

/// <summary>The owner of Pods as a row: a Deployment, StatefulSet, DaemonSet or another kind.</summary>
internal sealed class WorkloadResource(string rowName, string ns, string workload, string kind) : Resource(rowName)
{
    /// <summary>The kind that can be scaled and restarted from here.</summary>
    public const string Deployment = "Deployment";

    public string Namespace => ns;

    /// <summary>Name in the namespace.</summary>
    public string Workload => workload;

    /// <summary>As Kubernetes spells it.</summary>
    public string Kind => kind;

    /// <summary>The row before anything is known of the workload's Pods.</summary>
    public CustomResourceSnapshot Describe(ResourceStateSnapshot state) =>
        new()
        {
            ResourceType = kind,
            State = state,
            Properties = [new(CustomResourceKnownProperties.Source, $"{ns}/{workload}")],
            IconName = "Stack",
        };
}

/// <summary>A Pod as a row.</summary>
internal sealed class PodResource(string rowName) : Resource(rowName);
