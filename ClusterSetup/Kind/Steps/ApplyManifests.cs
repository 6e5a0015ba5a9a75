using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Manifests;

namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>
/// Applies the lab's objects by server-side apply. Namespaces that are not the lab's are not changed.
/// </summary>
internal sealed class ApplyManifests(KindLab lab) : ClusterStep
{
    public override string Title => "apply the workloads, their Services, monitoring and policies";

    public override IEnumerable<string> Plan()
    {
        yield return $"# through the API, server-side apply, field manager {Ownership.Name}:";
        yield return Manifest.ToYaml(lab.Plan.Manifests(lab.ImageTag));
    }

    public override async Task<string?> DoneAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(lab.State.Kubeconfig))
            return null;
        using var api = lab.Connect();
        var client = new ManifestClient(api);
        var manifests = lab.Plan.Manifests(lab.ImageTag);
        foreach (var manifest in manifests)
            if (!await client.IsAppliedAsync(manifest, cancellationToken))
                return null;
        return $"all {manifests.Length} objects exist";
    }

    public override async Task DoAsync(Action<string> say, CancellationToken cancellationToken)
    {
        using var api = lab.Connect();
        var client = new ManifestClient(api);
        var manifests = lab.Plan.Manifests(lab.ImageTag);
        var foreign = await client.ForeignAsync(manifests, cancellationToken);
        if (foreign.Count > 0)
            throw new KindException(string.Join(Environment.NewLine, foreign));
        foreach (var manifest in manifests)
        {
            if (manifest.Kind == "Job" && !await client.IsAppliedAsync(manifest, cancellationToken))
                await RemoveJobAsync(client, manifest, say, cancellationToken);
            await client.ApplyAsync(manifest, cancellationToken);
        }
        say($"{manifests.Length} objects applied");
    }

    /// <summary>
    /// A Job's template is immutable: a Job of other sources or of another scenario is created again.
    /// </summary>
    private Task RemoveJobAsync(
        ManifestClient client,
        Manifest job,
        Action<string> say,
        CancellationToken cancellationToken
    ) =>
        Waiting.UntilAsync(
            async token =>
            {
                if (await client.ReadAsync(job, token) is null)
                    return "";
                await client.DeleteAsync(job, token);
                return $"the previous {job} is being deleted";
            },
            $"the previous {job} still exists",
            TimeSpan.FromMinutes(2),
            lab.Time,
            say,
            cancellationToken
        );
}
