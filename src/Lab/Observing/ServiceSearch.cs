using System.Net;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.Lab.Observing;

/// <summary>The Service to watch, or why there is none.</summary>
/// <param name="Namespace">Namespace; null when none was found.</param>
/// <param name="Name">Name; null when none was found.</param>
/// <param name="Message">Which one was found; or what to do, with examples.</param>
public sealed record FoundService(string? Namespace, string? Name, string Message)
{
    /// <summary>Whether there is one.</summary>
    public bool IsFound => Name is not null;
}

/// <summary>Finds the Service to watch when none is named.</summary>
public static class ServiceSearch
{
    private const string LabNamespace = "backend",
        LabName = "backend-1";

    private const int MaxCandidates = 10;

    private static readonly string[] s_systemNamespaces = ["kube-system", "kube-public", "kube-node-lease"];

    /// <summary>
    /// The lab's own Service: backend/backend-1, else the only one with the lab's label. Any other must be named.
    /// </summary>
    /// <exception cref="ObservationException">The cluster cannot be read.</exception>
    public static async Task<FoundService> FindAsync(Kubernetes cluster, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        try
        {
            if (await ExistsAsync(cluster, cancellationToken))
                return Found(LabNamespace, LabName);
            var services = await cluster.CoreV1.ListServiceForAllNamespacesAsync(cancellationToken: cancellationToken);
            var withPods = await WithPodsAsync(cluster, services.Items, cancellationToken);
            var marked = withPods.Where(s => s.GetLabel(Ownership.Label) == Ownership.Name).ToList();
            return marked is [var only] ? Found(only.Namespace(), only.Name()) : NotFound(withPods);
        }
        catch (HttpOperationException e)
            when (e.Response.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized)
        {
            var why = $"this user may not look for Services ({ApiMessages.Of(e)})";
            return new FoundService(null, null, $"give --service NAMESPACE/NAME: {why}");
        }
        catch (Exception e) when (e is HttpOperationException or HttpRequestException or IOException)
        {
            throw new ObservationException($"{cluster.BaseUri} cannot list Services: {e.Message}", e);
        }
    }

    private static async Task<bool> ExistsAsync(Kubernetes cluster, CancellationToken cancellationToken)
    {
        try
        {
            await cluster.CoreV1.ReadNamespacedServiceAsync(
                LabName,
                LabNamespace,
                cancellationToken: cancellationToken
            );
            return true;
        }
        catch (HttpOperationException e)
            when (e.Response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Forbidden)
        {
            return false;
        }
    }

    /// <summary>The Services of users whose selector matches a Pod, by namespace and name.</summary>
    private static async Task<List<V1Service>> WithPodsAsync(
        Kubernetes cluster,
        IList<V1Service> services,
        CancellationToken cancellationToken
    )
    {
        var candidates = services
            .Where(s =>
                s.Spec.Selector is { Count: > 0 } && !s_systemNamespaces.Contains(s.Namespace(), StringComparer.Ordinal)
            )
            .OrderBy(s => s.Namespace(), StringComparer.Ordinal)
            .ThenBy(s => s.Name(), StringComparer.Ordinal)
            .ToList();
        if (candidates.Count == 0)
            return [];
        var pods = await cluster.CoreV1.ListPodForAllNamespacesAsync(cancellationToken: cancellationToken);
        var byNamespace = pods.Items.ToLookup(p => p.Namespace(), StringComparer.Ordinal);
        bool HasPods(V1Service service) =>
            byNamespace[service.Namespace()].Any(p => service.Spec.Selector.All(l => p.GetLabel(l.Key) == l.Value));
        return [.. candidates.Where(HasPods)];
    }

    private static FoundService Found(string ns, string name) => new(ns, name, $"watching Service {ns}/{name}");

    private static FoundService NotFound(List<V1Service> candidates)
    {
        const string What = "there is no Service backend/backend-1: give --service NAMESPACE/NAME";
        if (candidates.Count == 0)
            return new(null, null, $"{What} (no Service outside kube-system has pods)");
        var named = string.Join(", ", candidates.Take(MaxCandidates).Select(s => $"{s.Namespace()}/{s.Name()}"));
        var more = candidates.Count > MaxCandidates ? $" and {candidates.Count - MaxCandidates} more" : "";
        return new(null, null, $"{What}, for example {named}{more}");
    }
}
