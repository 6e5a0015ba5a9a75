using CiliumDebugging.ClusterModel;
using k8s;
using k8s.Models;

namespace CiliumDebugging.ClusterSetup.Kind.Steps;

/// <summary>Waits until every Deployment of the lab has its Pods.</summary>
internal sealed class WaitForWorkloads(KindLab lab) : WaitingStep(lab, "the workloads are not ready")
{
    public override string Title => "wait until the workloads are ready";

    public override IEnumerable<string> Plan()
    {
        yield return $"# through the API, at most {Limit.TotalMinutes:0} min: "
            + $"all Deployments labelled {Ownership.Label}={Ownership.Name} have their replicas ready";
    }

    protected override async Task<string> MissingAsync(CancellationToken cancellationToken)
    {
        using var api = Lab.Connect();
        var wanted = Lab.Plan.Manifests(Lab.ImageTag).Count(m => m.Kind == "Deployment");
        var deployments = await api.AppsV1.ListDeploymentForAllNamespacesAsync(
            labelSelector: $"{Ownership.Label}={Ownership.Name}",
            cancellationToken: cancellationToken
        );
        if (deployments.Items.Count < wanted)
            return $"{deployments.Items.Count} of {wanted} Deployments exist";
        var missing = deployments
            .Items.Select(d =>
                (Name: $"{d.Namespace()}/{d.Name()}", Ready: d.Status?.ReadyReplicas ?? 0, d.Spec.Replicas)
            )
            .Where(d => d.Ready < d.Replicas);
        return string.Join(", ", missing.Select(d => $"{d.Name} has {d.Ready} of {d.Replicas} pods ready"));
    }
}
