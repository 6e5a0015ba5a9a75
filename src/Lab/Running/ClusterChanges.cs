using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Running;

/// <summary>The changes a scenario makes to a cluster, through its Kubernetes API.</summary>
internal sealed class ClusterChanges(Kubernetes cluster)
{
    /// <summary>Who maintains the slices of scenarios: by the label, no controller of Kubernetes does.</summary>
    private const string SliceManager = "cilium-debugging";

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

    /// <summary>Creates an EndpointSlice of the load's Service, or changes the one that exists. Its ports are those of
    /// the Service's other slices.</summary>
    public async Task ApplySliceAsync(LoadSpec load, EndpointSliceStep step, CancellationToken cancellationToken)
    {
        var slices = await cluster.SlicesOfAsync(load, cancellationToken);
        var ports = slices.Select(s => s.Ports ?? []).FirstOrDefault(p => p.Count > 0)
            ?? [new Discoveryv1EndpointPort { Name = "", Port = load.Url.Port }];
        var slice = new V1EndpointSlice
        {
            ApiVersion = "discovery.k8s.io/v1",
            Kind = "EndpointSlice",
            Metadata = new V1ObjectMeta
            {
                Name = step.Slice,
                NamespaceProperty = load.Namespace,
                Labels = new Dictionary<string, string>
                {
                    [EndpointSlices.ServiceLabel] = load.Service,
                    [EndpointSlices.ManagerLabel] = SliceManager,
                },
            },
            AddressType = "IPv4",
            Endpoints =
            [
                .. step.Addresses.Select(address => new V1Endpoint
                {
                    Addresses = [address],
                    Conditions = new V1EndpointConditions { Ready = true },
                }),
            ],
            Ports = ports,
        };
        var (reference, value) = (
            ChangedObjects.SliceOf(load, step.Slice),
            JsonNode.Parse(KubernetesJson.Serialize(slice))!.AsObject()
        );
        if (!await _objects.TryCreateAsync(reference, value, cancellationToken))
            await _objects.PatchAsync(reference, value, cancellationToken);
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
