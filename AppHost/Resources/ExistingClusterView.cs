using System.Collections.Immutable;
using CiliumDebugging.AppHost.CommandLine;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Control;
using CiliumDebugging.Lab.Observing;
using CiliumDebugging.Lab.Running.Existing;
using CiliumDebugging.Lab.Scenarios;
using k8s;
using k8s.Autorest;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>What is shown of a cluster that is there, and how scenarios are run on it.</summary>
/// <param name="api">The cluster.</param>
/// <param name="options">Which cluster and Service.</param>
internal sealed class ExistingClusterView(k8s.Kubernetes api, LabOptions options)
{
    /// <summary>
    /// Finds the Service, and what belongs to it: its Pods, and those of a load test that sends to it.
    /// </summary>
    /// <exception cref="FormatException">No Service is named and the lab's is not there.</exception>
    public async Task<(ServiceName Service, ShownCluster Shown)> FindAsync(CancellationToken cancellationToken)
    {
        var service = options.Existing!.Service ?? await FindServiceAsync(cancellationToken);
        var load = options.LoadScenario().Load;
        var selector = await SelectorAsync(service, cancellationToken);
        var pods = new List<MirroredPods> { new(service.Namespace, selector) };
        if (load.Namespace == service.Namespace && load.Service == service.Name)
            pods.AddRange(
                options
                    .Topology.Workloads.Where(w => w.Image is PodImage.LoadTest)
                    .Select(w => new MirroredPods(w.Namespace, load.Client))
            );
        var source = $"{options.Existing.Describe()} at {api.BaseUri.Authority}";
        return (
            service,
            new ShownCluster(
                source,
                source,
                pods,
                await ClusterRights.ReadAsync(api, service.Namespace, cancellationToken),
                IsEmbedded: false
            )
        );
    }

    /// <summary>A lab on this cluster: a scenario is run on what is there, and the cluster is put back.</summary>
    /// <param name="host">Which cluster it is.</param>
    public LabControllerOptions SessionOptions(string host) =>
        options.SessionOptions(host) with
        {
            Settings = _ => ImmutableSortedDictionary<string, string>.Empty,
            Run = (order, listener, control, token) =>
                new ExistingClusterRun(api, new SessionRights(), TimeProvider.System).RunAsync(
                    order.Scenario,
                    listener,
                    token,
                    control,
                    order.Manual
                ),
        };

    private async Task<ServiceName> FindServiceAsync(CancellationToken cancellationToken)
    {
        var found = await ServiceSearch.FindAsync(api, cancellationToken);
        return found.IsFound
            ? new ServiceName(found.Namespace!, found.Name!)
            : throw new FormatException(found.Message);
    }

    /// <summary>
    /// The Service's label selector; null, which is all Pods of its namespace, where it has none or is not there yet.
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
        catch (HttpOperationException e) when (e.Response.StatusCode is System.Net.HttpStatusCode.NotFound)
        {
            return null;
        }
    }
}
