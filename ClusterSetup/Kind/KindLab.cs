using System.Collections.Immutable;
using CiliumDebugging.ClusterSetup.Kind.Programs;
using CiliumDebugging.Lab.Clusters;
using k8s;

namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>A kind cluster of the lab: what its steps share.</summary>
/// <param name="plan">The cluster to create.</param>
/// <param name="programs">Runs external programs.</param>
/// <param name="time">Time source.</param>
/// <param name="sources">Folder of the lab's sources, which the images are built from.</param>
internal sealed class KindLab(KindPlan plan, ProgramRunner programs, TimeProvider time, string sources)
{
    public KindPlan Plan => plan;

    public ProgramRunner Programs => programs;

    public TimeProvider Time => time;

    /// <summary>Folder of the lab's sources.</summary>
    public string Sources => sources;

    /// <summary>The lab's files about the cluster.</summary>
    public KindState State { get; } = new(plan.Options.StateRoot, plan.Options.Name);

    public Engine Engine { get; } = Engine.Choose(programs);

    /// <summary>Tag of the images; it changes with the sources.</summary>
    public string ImageTag
    {
        get => field ??= WorkloadImages.Tag(sources, plan.Images.Select(i => i.Project));
        init;
    }

    /// <summary>A call of kind, with the engine it is to use.</summary>
    public ProgramCall Kind(params ImmutableArray<string> arguments) =>
        new("kind", arguments) { Environment = Engine.KindEnvironment };

    /// <summary>The call that deletes the cluster.</summary>
    public ProgramCall Delete =>
        Kind("delete", "cluster", "--name", plan.Options.Name, "--kubeconfig", State.Kubeconfig) with
        {
            Limit = TimeSpan.FromMinutes(3),
        };

    /// <summary>Whether kind has a cluster of this name.</summary>
    public async Task<bool> ExistsAsync(CancellationToken cancellationToken)
    {
        var clusters = await programs.ReadAsync(Kind("get", "clusters"), cancellationToken);
        return clusters.Split('\n', StringSplitOptions.TrimEntries).Contains(plan.Options.Name);
    }

    /// <summary>A client of the cluster's API, through its own kubeconfig; the caller disposes it.</summary>
    public Kubernetes Connect() => new(Kubeconfig.Read(State.Kubeconfig));
}
