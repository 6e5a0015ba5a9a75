using System.Text.Json;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Running;

/// <summary>The changes a scenario makes to a cluster, through its Kubernetes API.</summary>
internal sealed class ClusterChanges(Kubernetes cluster)
{
    private readonly ObjectClient _objects = new(cluster);

    /// <summary>Applies or deletes the policies of a step.</summary>
    /// <exception cref="ArgumentException">The step changes something else.</exception>
    public async Task ChangePoliciesAsync(ScenarioStep step, CancellationToken cancellationToken)
    {
        switch (step)
        {
            case ApplyStep apply:
                foreach (var policy in apply.Policies)
                    await ApplyAsync(policy, cancellationToken);
                break;
            case DeleteStep delete:
                foreach (var policy in delete.Policies)
                    await DeleteAsync(policy, cancellationToken);
                break;
            default:
                throw new ArgumentException($"{step} changes no policy", nameof(step));
        }
    }

    /// <summary>Creates a policy, or patches the one that exists.</summary>
    public async Task ApplyAsync(PolicyManifest policy, CancellationToken cancellationToken)
    {
        if (!await _objects.TryCreateAsync(ChangedObjects.Of(policy), policy.Manifest, cancellationToken))
            await _objects.PatchAsync(ChangedObjects.Of(policy), policy.Manifest, cancellationToken);
    }

    /// <summary>Deletes a policy; one that does not exist is not an error.</summary>
    public Task DeleteAsync(PolicyManifest policy, CancellationToken cancellationToken) =>
        _objects.DeleteAsync(ChangedObjects.Of(policy), cancellationToken);

    /// <summary>The fields of a Service's spec that a step changes.</summary>
    public static Dictionary<string, object?> SpecOf(ServiceStep step)
    {
        var spec = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (step.SessionAffinity is { } affinity)
            spec["sessionAffinity"] = affinity;
        if (step.AffinitySeconds is { } seconds)
            spec["sessionAffinityConfig"] = new { clientIP = new { timeoutSeconds = seconds } };
        if (step.InternalTrafficPolicy is { } policy)
            spec["internalTrafficPolicy"] = policy;
        if (step.TrafficDistribution is { } distribution)
            spec["trafficDistribution"] = distribution;
        // Only a Service with a node port has traffic from outside to have a policy for.
        if (step.ExternalTrafficPolicy is { } external)
            (spec["type"], spec["externalTrafficPolicy"]) = ("NodePort", external);
        return spec;
    }

    /// <summary>Changes fields of the spec of the load's Service.</summary>
    public Task PatchServiceAsync(
        LoadSpec load,
        Dictionary<string, object?> spec,
        CancellationToken cancellationToken
    ) =>
        cluster.CoreV1.PatchNamespacedServiceAsync(
            new V1Patch(JsonSerializer.Serialize(new { spec }), V1Patch.PatchType.MergePatch),
            load.Service,
            load.Namespace,
            cancellationToken: cancellationToken
        );
}
