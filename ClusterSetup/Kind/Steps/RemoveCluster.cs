using CiliumDebugging.ClusterSetup.Kind.Programs;

namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>Removes the cluster and what the lab keeps of it. A cluster that is not the lab's is left alone.</summary>
internal sealed class RemoveCluster(KindLab lab) : ClusterStep
{
    public override string Title => $"remove the kind cluster {lab.Plan.Options.Name}";

    private ProgramCall Delete =>
        lab.Kind("delete", "cluster", "--name", lab.Plan.Options.Name, "--kubeconfig", lab.State.Kubeconfig) with
        {
            Limit = TimeSpan.FromMinutes(3),
        };

    public override IEnumerable<string> Plan()
    {
        yield return Delete.ToString();
        yield return $"rm -r {lab.State.Folder}";
    }

    public override async Task<string?> DoneAsync(CancellationToken cancellationToken)
    {
        if (lab.State.IsOurs)
            return null;
        if (lab.Programs.Find("kind") is not null && await CreateCluster.ExistsAsync(lab, cancellationToken))
            throw new KindException(
                $"the kind cluster '{lab.Plan.Options.Name}' is not one that this lab made, and is left alone; kind delete cluster --name {lab.Plan.Options.Name} removes it"
            );
        return "there is none";
    }

    public override async Task DoAsync(Action<string> say, CancellationToken cancellationToken)
    {
        // Without a configuration nothing was created yet, only prepared.
        if (File.Exists(lab.State.KindConfig) || File.Exists(lab.State.Creating))
            await lab.Programs.ReadAsync(Delete, cancellationToken);
        lab.State.Delete();
    }
}
