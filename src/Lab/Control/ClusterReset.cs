using System.Collections.Immutable;
using System.Text.Json.Nodes;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using k8s;

namespace CiliumDebugging.Lab.Control;

/// <summary>
/// Brings a cluster back to where a run begins, through its API alone: what the last scenario changed is put back, and
/// the agents have the next scenario's settings. The load-test Pod is replaced, because the load balancer remembers for
/// hours where it sent each port of the Pod's old address.
/// </summary>
internal sealed class ClusterReset(Kubernetes cluster, TimeProvider time, ClusterUndo undo)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly ObjectClient _objects = new(cluster);
    private readonly PodRenewal _pods = new(cluster, time);

    /// <summary>
    /// Makes it ready for the next scenario, which needs these settings in kube-system/cilium-config.
    /// </summary>
    /// <exception cref="HttpRequestException">An object could not be put back; the message names it.</exception>
    public async Task RunAsync(
        Scenario next,
        ImmutableSortedDictionary<string, string> settings,
        CancellationToken cancellationToken
    )
    {
        var failed = await undo.RestoreAsync(time, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        if (!failed.IsEmpty)
            throw new HttpRequestException($"could not be put back: {string.Join(", ", failed.Select(f => f.Title))}");
        await ConfigureAsync(settings, cancellationToken);
        await _pods.RunAsync(next.Load.Client, s_limit, cancellationToken);
    }

    private async Task ConfigureAsync(
        ImmutableSortedDictionary<string, string> settings,
        CancellationToken cancellationToken
    )
    {
        var reference = ChangedObjects.CiliumConfig();
        var map = await _objects.ReadAsync(reference, cancellationToken)
            ?? throw new HttpRequestException($"there is no {reference.Title}");
        var wanted = new JsonObject(settings.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value)));
        var data = MergePatch.Between(map["data"] as JsonObject ?? [], wanted);
        if (data.Count == 0)
            return;
        await _objects.PatchAsync(reference, new JsonObject { ["data"] = data }, cancellationToken);
        // That they exist is enough: the run waits for the Pods it needs.
        await _pods.RunAsync(ClusterQueries.AgentLabel, s_limit, cancellationToken, _ => true);
    }
}
