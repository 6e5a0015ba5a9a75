using System.Collections.Immutable;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>The owner of Pods as a row: a Deployment, StatefulSet, DaemonSet or another kind.</summary>
/// <param name="rowName">Name of the row, unique in the application.</param>
/// <param name="ns">Its namespace.</param>
/// <param name="workload">Its name in the namespace.</param>
/// <param name="kind">Its kind, as Kubernetes spells it.</param>
internal sealed class WorkloadResource(string rowName, string ns, string workload, string kind) : Resource(rowName)
{
    /// <summary>The kind that can be scaled and restarted from here.</summary>
    public const string Deployment = "Deployment";

    /// <summary>Namespace.</summary>
    public string Namespace => ns;

    /// <summary>Name in the namespace.</summary>
    public string Workload => workload;

    /// <summary>Kind.</summary>
    public string Kind => kind;

    /// <summary>The row before anything is known of the workload's Pods.</summary>
    public CustomResourceSnapshot Describe(ResourceStateSnapshot state) =>
        new()
        {
            ResourceType = kind,
            State = state,
            Properties = ImmutableArray.Create(
                new ResourcePropertySnapshot(CustomResourceKnownProperties.Source, $"{ns}/{workload}")
            ),
            IconName = "Stack",
        };
}

/// <summary>A Pod as a row.</summary>
/// <param name="rowName">Name of the row, unique in the application.</param>
internal sealed class PodResource(string rowName) : Resource(rowName);
