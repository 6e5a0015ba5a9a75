using CiliumDebugging.ClusterSetup.Manifests;

namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>Applies the lab's objects by server-side apply. Namespaces that are not the lab's are left alone.</summary>
internal sealed class ApplyManifests(KindLab lab) : ClusterStep
{
    public override string Title => "apply the workloads, their Services, monitoring and policies";

    public override IEnumerable<string> Plan()
    {
        yield return $"# through the API, server-side apply, field manager {Manifest.Owner}:";
        yield return Manifest.ToYaml(lab.Plan.Manifests(lab.ImageTag));
    }

    public override async Task<string?> DoneAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(lab.State.Kubeconfig)) return null;
        using var api = lab.Connect();
        var client = new ManifestClient(api);
        var manifests = lab.Plan.Manifests(lab.ImageTag);
        foreach (var manifest in manifests)
            if (!await client.IsAppliedAsync(manifest, cancellationToken)) return null;
        return $"all {manifests.Length} objects are there";
    }

    public override async Task DoAsync(Action<string> say, CancellationToken cancellationToken)
    {
        using var api = lab.Connect();
        var client = new ManifestClient(api);
        var manifests = lab.Plan.Manifests(lab.ImageTag);
        var foreign = await client.ForeignAsync(manifests, cancellationToken);
        if (foreign.Count > 0) throw new LabSetupException(string.Join(Environment.NewLine, foreign));
        foreach (var manifest in manifests) await client.ApplyAsync(manifest, cancellationToken);
        say($"{manifests.Length} objects applied");
    }
}
