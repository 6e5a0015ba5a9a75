using System.Collections.Immutable;
using System.Net;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using k8s;
using k8s.Autorest;

namespace CiliumDebugging.Lab.Control;

/// <summary>Looks after what the cluster holds of a scenario: which of its policies are applied (by whomever), and which Pods are there.</summary>
internal sealed class ClusterWatch(Kubernetes cluster)
{
    /// <summary>
    /// Whether the last look was refused in part: what may not be read is shown as not applied, or as no Pods.
    /// </summary>
    public bool IsRefused { get; private set; }

    /// <summary>The policy files of a scenario as the cluster has them.</summary>
    public async Task<ImmutableArray<PolicyCard>> PoliciesAsync(Scenario scenario, CancellationToken cancellationToken)
    {
        IsRefused = false;
        var cards = ImmutableArray.CreateBuilder<PolicyCard>();
        foreach (var (file, policies) in scenario.PolicyFiles())
        {
            var applied = true;
            foreach (var policy in policies)
                applied &= await ExistsAsync(policy, cancellationToken);
            cards.Add(
                new PolicyCard(
                    file,
                    string.Join(
                        ", ",
                        policies.Select(p =>
                            $"{p.Model.Kind} {(p.Model.Namespace.Length > 0 ? $"{p.Model.Namespace}/" : "")}{p.Model.Name}"
                        )
                    ),
                    policies[0].FileText,
                    applied
                )
            );
        }
        return cards.ToImmutable();
    }

    /// <summary>The backend Pods of a scenario's Service.</summary>
    public async Task<ImmutableArray<BackendPod>> PodsAsync(Scenario scenario, CancellationToken cancellationToken)
    {
        try
        {
            return await new ClusterReader(cluster, scenario.Load).BackendsAsync(cancellationToken);
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.Forbidden)
        {
            IsRefused = true;
            return [];
        }
    }

    private async Task<bool> ExistsAsync(PolicyManifest policy, CancellationToken cancellationToken)
    {
        try
        {
            if (policy.Model.Namespace.Length == 0)
                await cluster.CustomObjects.GetClusterCustomObjectAsync(
                    policy.Group,
                    policy.Version,
                    policy.Plural,
                    policy.Model.Name,
                    cancellationToken
                );
            else
                await cluster.CustomObjects.GetNamespacedCustomObjectAsync(
                    policy.Group,
                    policy.Version,
                    policy.Model.Namespace,
                    policy.Plural,
                    policy.Model.Name,
                    cancellationToken
                );
            return true;
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.NotFound)
        {
            return false;
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.Forbidden)
        {
            IsRefused = true;
            return false;
        }
    }
}
