namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>Removes the cluster and the lab's files about it. A cluster that is not the lab's is not touched.</summary>
internal sealed class RemoveCluster(KindLab lab) : ClusterStep
{
    public override string Title => $"remove the kind cluster {lab.Plan.Options.Name}";

    public override IEnumerable<string> Plan()
    {
        yield return lab.Delete.ToString();
        yield return $"rm -r {lab.State.Folder}";
    }

    public override async Task<string?> DoneAsync(CancellationToken cancellationToken)
    {
        if (lab.State.IsOurs)
            return null;
        if (lab.Programs.Find("kind") is not null && await lab.ExistsAsync(cancellationToken))
            throw new KindException(
                $"the kind cluster '{lab.Plan.Options.Name}' is not one that this lab created, and is left alone; "
                    + $"kind delete cluster --name {lab.Plan.Options.Name} removes it"
            );
        return "there is none";
    }

    public override async Task DoAsync(Action<string> say, CancellationToken cancellationToken)
    {
        // Without a configuration nothing has been created yet.
        if (File.Exists(lab.State.KindConfig) || File.Exists(lab.State.Creating))
            await lab.Programs.ReadAsync(lab.Delete, cancellationToken);
        lab.State.Delete();
    }
}
