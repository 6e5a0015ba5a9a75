using System.Collections.Immutable;
using CiliumDebugging.Releases;

namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>The options of <c>up --kind</c>.</summary>
internal sealed record KindOptions
{
    /// <summary>Name of the cluster and prefix of its nodes' names. Default: the original report's.</summary>
    public string Name { get; init; } = "cluster";

    /// <summary>The release of Cilium; null: kind's own network plugin.</summary>
    public CiliumVersion? Cilium { get; init; } = CiliumVersion.OriginalReport;

    /// <summary>The Kubernetes minor, as <c>1.30</c>; null: the newest that this Cilium is tested with.</summary>
    public string? Kubernetes { get; init; }

    /// <summary>A node image of the user's own; null: the one of the table.</summary>
    public string? Image { get; init; }

    /// <summary>Worker nodes. Default 3.</summary>
    public int Workers { get; init; } = 3;

    /// <summary>Values for Cilium's chart, as Helm's <c>--set</c> takes them.</summary>
    public ImmutableArray<string> Sets { get; init; } = [];

    /// <summary>A chart of the user's own (folder, archive or URL); null: Cilium's repository.</summary>
    public string? Chart { get; init; }

    /// <summary>Base image of the workloads' images; null: the SDK's default.</summary>
    public string? BaseImage { get; init; }

    public bool BackendCnp { get; init; }

    public bool LoadTestCnp { get; init; }

    /// <summary>Scenario to run from inside the cluster as well; null: no runner.</summary>
    public string? RunnerScenario { get; init; }

    /// <summary>Allow a pair of Cilium and Kubernetes that the Cilium project does not test.</summary>
    public bool AllowUntested { get; init; }

    /// <summary>Folder of the lab's files about its clusters.</summary>
    public string StateRoot { get; init; } = KindState.DefaultRoot;
}
