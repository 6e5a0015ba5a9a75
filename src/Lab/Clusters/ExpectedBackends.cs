using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Statistics;
using k8s;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>The ready Pods behind the load's Service and the share that clients on the load's node should give each, as EndpointSlices and Service say at one moment.</summary>
/// <param name="Pods">The Pods, by name.</param>
/// <param name="Shares">Their expected shares, in the same order.</param>
public sealed record ExpectedBackends(ImmutableArray<BackendPod> Pods, ExpectedShares Shares)
{
    /// <summary>Reads them.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="load">The load, which names the Service.</param>
    /// <param name="client">Node of the client, and its zone; null when it has none.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<ExpectedBackends> ReadAsync(
        Kubernetes cluster,
        LoadSpec load,
        (string Node, string? Zone) client,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(load);
        var service = await cluster.CoreV1.ReadNamespacedServiceAsync(
            load.Service,
            load.Namespace,
            cancellationToken: cancellationToken
        );
        var slices = await EndpointSlices.ListAsync(cluster, load.Namespace, load.Service, cancellationToken);
        var ready = slices
            .SelectMany(s => s.Endpoints ?? [])
            .Where(e => e.Conditions?.Ready is not false && e.TargetRef is not null)
            .DistinctBy(e => e.TargetRef.Name)
            .OrderBy(e => e.TargetRef.Name, StringComparer.Ordinal)
            .ToList();
        var pods = ready
            .Select(e => new BackendPod(e.TargetRef.Name, e.TargetRef.NamespaceProperty, e.NodeName))
            .ToImmutableArray();
        var weights = ServiceWeights.From(
            [
                .. ready.Select(e => new WeightedEndpoint(
                    e.NodeName ?? "",
                    true,
                    [.. e.Hints?.ForZones?.Select(z => z.Name) ?? []]
                )),
            ],
            ServiceReader.FactsOf(service, ServiceReader.FromOutside(load)),
            client.Node,
            client.Zone
        );
        return new ExpectedBackends(pods, ExpectedShares.Weighted([.. pods.Select(p => p.Name)], weights));
    }

    /// <summary>What is different now, in words; null when nothing is.</summary>
    public string? ChangeTo(ExpectedBackends now)
    {
        ArgumentNullException.ThrowIfNull(now);
        List<string> changes = [];
        void Change(string what, IEnumerable<BackendPod> which)
        {
            var all = which.Select(p => p.Name).ToList();
            if (all.Count > 0)
                changes.Add(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{what} {(all.Count <= 3 ? string.Join(", ", all) : $"{all[0]}, {all[1]} and {all.Count - 2} more")}"
                    )
                );
        }
        Change("no longer ready:", Pods.Except(now.Pods));
        Change("ready:", now.Pods.Except(Pods));
        if (changes.Count == 0 && !Shares.Weights.SequenceEqual(now.Shares.Weights))
            changes.Add("other expected shares (traffic policy or zone hints)");
        return changes.Count == 0 ? null : string.Join("; ", changes);
    }
}
