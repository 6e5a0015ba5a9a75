using System.Collections.Immutable;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Statistics;
using k8s;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>
/// The ready Pods behind the load's Service, and the share that clients on the load's node should give each.
/// </summary>
/// <param name="Pods">The Pods, by name.</param>
/// <param name="Shares">Their expected shares, in the same order.</param>
public sealed record ExpectedBackends(ImmutableArray<BackendPod> Pods, ExpectedShares Shares)
{
    public static async Task<ExpectedBackends> ReadAsync(
        Kubernetes cluster,
        LoadSpec load,
        (string Node, string? Zone) client,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(load);
        var service = await cluster.ServiceOfAsync(load, cancellationToken);
        var slices = await cluster.SlicesOfAsync(load, cancellationToken);
        var ready = slices.ReadyPods().ToList();
        var pods = ready.Select(PodOf).ToImmutableArray();
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

    internal static BackendPod PodOf(k8s.Models.V1Endpoint endpoint) =>
        new(endpoint.TargetRef.Name, endpoint.TargetRef.NamespaceProperty, endpoint.NodeName);

    /// <summary>What is different now, in words; null when nothing is.</summary>
    public string? ChangeTo(ExpectedBackends now)
    {
        ArgumentNullException.ThrowIfNull(now);
        List<string> changes = [];
        void Change(string what, IEnumerable<BackendPod> which)
        {
            string[] names = [.. which.Select(p => p.Name)];
            if (names.Length > 3)
                changes.Add($"{what} {names[0]}, {names[1]} and {names.Length - 2} more");
            else if (names.Length > 0)
                changes.Add($"{what} {string.Join(", ", names)}");
        }
        Change("no longer ready:", Pods.Except(now.Pods));
        Change("ready:", now.Pods.Except(Pods));
        if (changes.Count == 0 && !Shares.Weights.SequenceEqual(now.Shares.Weights))
            changes.Add("other expected shares (traffic policy or zone hints)");
        return changes.Count == 0 ? null : string.Join("; ", changes);
    }
}
