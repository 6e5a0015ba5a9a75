using System.Collections.Immutable;

namespace CiliumDebugging.ClusterSetup.Kind.Steps;

internal static class BringUp
{
    /// <summary>All steps from nothing to a cluster with its workloads, in order.</summary>
    public static ImmutableArray<ClusterStep> Steps(this KindLab lab) =>
        [
            new CheckPrerequisites(lab),
            new BuildImages(lab),
            new CreateCluster(lab),
            new RecordOptions(lab),
            new LoadImages(lab),
            .. lab.Plan.Options.Cilium is { } release ? [new InstallCilium(lab, release)] : Array.Empty<ClusterStep>(),
            new WaitForNodes(lab),
            new ApplyManifests(lab),
            new WaitForWorkloads(lab),
        ];
}
