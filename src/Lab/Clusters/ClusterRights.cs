using System.Net;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>
/// What the user of a kubeconfig may not change, and why, known before a command is tried. Null means allowed: a
/// cluster without access reviews (the embedded one) may still refuse the command.
/// </summary>
/// <param name="DeletePods">Why Pods of the Service's namespace cannot be deleted.</param>
/// <param name="ApplyPolicies">Why CiliumNetworkPolicies cannot be created.</param>
/// <param name="CreateNamespaces">Why namespaces cannot be created, which a scenario does for its workloads.</param>
public sealed record ClusterRights(string? DeletePods, string? ApplyPolicies, string? CreateNamespaces)
{
    /// <summary>Nothing is known to be refused.</summary>
    public static ClusterRights All { get; } = new(null, null, null);

    /// <summary>Asks the cluster; <paramref name="ns"/> is the namespace of the Service.</summary>
    public static async Task<ClusterRights> ReadAsync(
        Kubernetes cluster,
        string ns,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(cluster);
        Task<string?> RefusalAsync(string verb, string resource, string? of = null, string? group = null) =>
            ReviewAsync(
                cluster,
                new V1ResourceAttributes
                {
                    Verb = verb,
                    Resource = resource,
                    Group = group,
                    NamespaceProperty = of,
                },
                cancellationToken
            );
        return new ClusterRights(
            await RefusalAsync("delete", "pods", ns),
            await WithoutPoliciesAsync(cluster, ns, cancellationToken)
                ?? await RefusalAsync("create", "ciliumnetworkpolicies", ns, "cilium.io"),
            await RefusalAsync("create", "namespaces")
        );
    }

    /// <summary>Whether the kind exists: rights may be granted for kinds that a cluster does not have.</summary>
    private static async Task<string?> WithoutPoliciesAsync(
        Kubernetes cluster,
        string ns,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await cluster.CustomObjects.ListNamespacedCustomObjectAsync(
                "cilium.io",
                "v2",
                ns,
                "ciliumnetworkpolicies",
                limit: 1,
                cancellationToken: cancellationToken
            );
            return null;
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.NotFound)
        {
            return "the cluster has no CiliumNetworkPolicy (cilium.io/v2): Cilium is not installed";
        }
        catch (Exception e) when (e is HttpOperationException or HttpRequestException or IOException)
        {
            return null;
        }
    }

    /// <summary>Why this user may not do something; null: it may, or the cluster does not say.</summary>
    internal static async Task<string?> ReviewAsync(
        Kubernetes cluster,
        V1ResourceAttributes what,
        CancellationToken cancellationToken
    )
    {
        var spec = new V1SelfSubjectAccessReviewSpec { ResourceAttributes = what };
        var review = new V1SelfSubjectAccessReview { Spec = spec };
        try
        {
            var answer = await cluster.AuthorizationV1.CreateSelfSubjectAccessReviewAsync(
                review,
                cancellationToken: cancellationToken
            );
            if (answer.Status is not { Allowed: false } status)
                return null;
            var where = what.NamespaceProperty is { } ns ? $" in namespace {ns}" : "";
            var why = status.Reason is { Length: > 0 } reason ? $": {reason}" : "";
            return $"this user may not {what.Verb} {what.Resource}{where}{why}";
        }
        catch (Exception e) when (e is HttpOperationException or HttpRequestException or IOException)
        {
            return null;
        }
    }
}
