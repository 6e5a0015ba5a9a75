using System.Collections.Immutable;
using CiliumDebugging.ClusterSetup.Kind.Programs;
using k8s;

namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>A kind cluster of the lab: what its steps share.</summary>
/// <param name="plan">What it is to be.</param>
/// <param name="programs">Runs external programs.</param>
/// <param name="time">Time source.</param>
/// <param name="sources">Folder of the lab's sources, which the images are built from.</param>
internal sealed class KindLab(KindPlan plan, ProgramRunner programs, TimeProvider time, string sources)
{
    /// <summary>What it is to be.</summary>
    public KindPlan Plan => plan;

    /// <summary>Runs external programs.</summary>
    public ProgramRunner Programs => programs;

    /// <summary>Time source.</summary>
    public TimeProvider Time => time;

    /// <summary>Folder of the lab's sources.</summary>
    public string Sources => sources;

    /// <summary>What the lab keeps of it.</summary>
    public KindState State { get; } = new(plan.Options.StateRoot, plan.Options.Name);

    /// <summary>The container engine.</summary>
    public Engine Engine { get; } = Engine.Choose(programs);

    /// <summary>Tag of the images, from the sources.</summary>
    public string ImageTag
    {
        get => field ??= WorkloadImages.Tag(sources, plan.Images.Select(i => i.Project));
        init;
    }

    /// <summary>A call of kind, with the engine it is to use.</summary>
    public ProgramCall Kind(params ImmutableArray<string> arguments) =>
        new("kind", arguments) { Environment = Engine.KindEnvironment };

    /// <summary>A client of the cluster's API, through its own kubeconfig; the caller disposes it.</summary>
    public Kubernetes Connect() => new(KubernetesClientConfiguration.BuildConfigFromConfigFile(State.Kubeconfig));
}
