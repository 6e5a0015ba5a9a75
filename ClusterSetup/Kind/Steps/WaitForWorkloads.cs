using CiliumDebugging.ClusterModel;
using k8s;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>Waits until every Deployment of the lab has its Pods.</summary>
internal sealed class WaitForWorkloads(KindLab lab) : ClusterStep
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(10);

    public override string Title => "wait until the workloads are ready";

    public override IEnumerable<string> Plan()
    {
        yield return $"# through the API, at most {s_limit.TotalMinutes:0} min: all Deployments labelled {Ownership.Label}={Ownership.Name} have their replicas ready";
    }

    public override async Task<string?> DoneAsync(CancellationToken cancellationToken) =>
        !File.Exists(lab.State.Kubeconfig) ? null
        : await MissingAsync(cancellationToken) is "" ? "they are"
        : null;

    public override Task DoAsync(Action<string> say, CancellationToken cancellationToken) =>
        Waiting.UntilAsync(MissingAsync, "the workloads are not ready", s_limit, lab.Time, say, cancellationToken);

    private async Task<string> MissingAsync(CancellationToken cancellationToken)
    {
        using var api = lab.Connect();
        var wanted = lab.Plan.Manifests(lab.ImageTag).Count(m => m.Kind == "Deployment");
        var deployments = await api.AppsV1.ListDeploymentForAllNamespacesAsync(
            labelSelector: $"{Ownership.Label}={Ownership.Name}",
            cancellationToken: cancellationToken
        );
        if (deployments.Items.Count < wanted)
            return $"{deployments.Items.Count} of {wanted} Deployments are there";
        return string.Join(
            ", ",
            deployments
                .Items.Where(d => (d.Status?.ReadyReplicas ?? 0) < d.Spec.Replicas)
                .Select(d =>
                    $"{d.Namespace()}/{d.Name()} has {d.Status?.ReadyReplicas ?? 0} of {d.Spec.Replicas} pods ready"
                )
        );
    }
}
