using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Lab.Scenarios;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.Lab.Running;

/// <summary>The changes a scenario makes to a cluster, through its Kubernetes API.</summary>
internal sealed class ClusterChanges(Kubernetes cluster)
{
    /// <summary>Creates a policy, or changes the one that is there.</summary>
    public async Task ApplyAsync(PolicyManifest policy, CancellationToken cancellationToken)
    {
        var model = policy.Model;
        var clusterwide = model.Namespace.Length == 0;
        try
        {
            if (clusterwide)
                await cluster.CustomObjects.CreateClusterCustomObjectAsync(
                    policy.Manifest,
                    policy.Group,
                    policy.Version,
                    policy.Plural,
                    cancellationToken: cancellationToken
                );
            else
                await cluster.CustomObjects.CreateNamespacedCustomObjectAsync(
                    policy.Manifest,
                    policy.Group,
                    policy.Version,
                    model.Namespace,
                    policy.Plural,
                    cancellationToken: cancellationToken
                );
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.Conflict)
        {
            var patch = new V1Patch(policy.Manifest.ToJsonString(), V1Patch.PatchType.MergePatch);
            if (clusterwide)
                await cluster.CustomObjects.PatchClusterCustomObjectAsync(
                    patch,
                    policy.Group,
                    policy.Version,
                    policy.Plural,
                    model.Name,
                    cancellationToken: cancellationToken
                );
            else
                await cluster.CustomObjects.PatchNamespacedCustomObjectAsync(
                    patch,
                    policy.Group,
                    policy.Version,
                    model.Namespace,
                    policy.Plural,
                    model.Name,
                    cancellationToken: cancellationToken
                );
        }
    }

    /// <summary>The policy as it stands, or null.</summary>
    public async Task<JsonObject?> ReadAsync(PolicyManifest policy, CancellationToken cancellationToken)
    {
        try
        {
            var read =
                policy.Model.Namespace.Length == 0
                    ? await cluster.CustomObjects.GetClusterCustomObjectAsync(
                        policy.Group,
                        policy.Version,
                        policy.Plural,
                        policy.Model.Name,
                        cancellationToken: cancellationToken
                    )
                    : await cluster.CustomObjects.GetNamespacedCustomObjectAsync(
                        policy.Group,
                        policy.Version,
                        policy.Model.Namespace,
                        policy.Plural,
                        policy.Model.Name,
                        cancellationToken: cancellationToken
                    );
            return JsonNode.Parse(JsonSerializer.Serialize(read))?.AsObject();
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Puts a policy back as it was, whether it was changed or deleted.</summary>
    public async Task ReplaceAsync(PolicyManifest policy, JsonObject before, CancellationToken cancellationToken)
    {
        await DeleteAsync(policy, cancellationToken);
        foreach (var field in (string[])["resourceVersion", "uid", "creationTimestamp", "generation", "managedFields"])
            before["metadata"]?.AsObject().Remove(field);
        await ApplyAsync(policy with { Manifest = before }, cancellationToken);
    }

    /// <summary>Deletes a policy; one that is gone already is no error.</summary>
    public async Task DeleteAsync(PolicyManifest policy, CancellationToken cancellationToken)
    {
        try
        {
            if (policy.Model.Namespace.Length == 0)
                await cluster.CustomObjects.DeleteClusterCustomObjectAsync(
                    policy.Group,
                    policy.Version,
                    policy.Plural,
                    policy.Model.Name,
                    cancellationToken: cancellationToken
                );
            else
                await cluster.CustomObjects.DeleteNamespacedCustomObjectAsync(
                    policy.Group,
                    policy.Version,
                    policy.Model.Namespace,
                    policy.Plural,
                    policy.Model.Name,
                    cancellationToken: cancellationToken
                );
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.NotFound)
        {
            // Gone already: that is what was asked for.
        }
    }

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
