using System.Net;
using CiliumDebugging.AppHost.CommandLine;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Observing;
using k8s;
using k8s.Autorest;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>Finds what is shown of an existing cluster.</summary>
internal sealed class ExistingClusterSearch(k8s.Kubernetes api, AppHostOptions options, ExistingCluster cluster)
{
    /// <summary>Finds the Service, its Pods, and those of a load test that sends to it.</summary>
    /// <exception cref="FormatException">No Service is named and the lab's does not exist.</exception>
    public async Task<(ServiceName Service, ShownCluster Shown)> FindAsync(CancellationToken cancellationToken)
    {
        var service = cluster.Service ?? await FindServiceAsync(cancellationToken);
        var load = options.Scenario.Load;
        var isOfLab = load.Namespace == service.Namespace && load.Service == service.Name;
        var loadTests = options.Topology.Workloads.Where(w => isOfLab && w.Image is PodImage.LoadTest);
        var source = $"{cluster.Describe()} at {api.BaseUri.Authority}";
        var shown = new ShownCluster
        {
            Description = source,
            Source = source,
            Pods =
            [
                new(service.Namespace, await SelectorAsync(service, cancellationToken)),
                .. loadTests.Select(w => new MirroredPods(w.Namespace, load.Client)),
            ],
            Rights = await ClusterRights.ReadAsync(api, service.Namespace, cancellationToken),
            IsEmbedded = false,
        };
        return (service, shown);
    }

    private async Task<ServiceName> FindServiceAsync(CancellationToken cancellationToken)
    {
        var found = await ServiceSearch.FindAsync(api, cancellationToken);
        return found.IsFound
            ? new ServiceName(found.Namespace!, found.Name!)
            : throw new FormatException(found.Message);
    }

    /// <summary>
    /// The Service's label selector; null, which is all Pods of its namespace, where it has none or does not exist yet.
    /// </summary>
    private async Task<string?> SelectorAsync(ServiceName service, CancellationToken cancellationToken)
    {
        try
        {
            var found = await api.CoreV1.ReadNamespacedServiceAsync(
                service.Name,
                service.Namespace,
                cancellationToken: cancellationToken
            );
            return found.Spec.Selector is { Count: > 0 } labels
                ? string.Join(',', labels.Select(l => $"{l.Key}={l.Value}"))
                : null;
        }
        catch (HttpOperationException e) when (e.Response.StatusCode is HttpStatusCode.NotFound)
        {
            return null;
        }
    }
}
