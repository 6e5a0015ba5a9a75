using System.Collections.Immutable;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Counters;

namespace CiliumDebugging.Lab.Running.Existing;

/// <summary>Compares where a scenario needs its Pods with where a cluster has them.</summary>
internal static class Placement
{
    /// <summary>What differs, one line each; empty when nothing that matters does.</summary>
    /// <param name="topology">What the scenario needs.</param>
    /// <param name="clientNode">Node of the load-test Pod.</param>
    /// <param name="backends">The ready backends.</param>
    /// <param name="zoneOf">Zone of a node; null when it has none.</param>
    public static IEnumerable<string> Differences(
        ScenarioTopology topology,
        string clientNode,
        ImmutableArray<BackendPod> backends,
        Func<string, string?> zoneOf
    )
    {
        var client = topology.ClientWorker == 0 ? topology.Workers : topology.ClientWorker;
        ImmutableArray<int> needed = topology.BackendWorkers.IsEmpty
            ? [.. Enumerable.Range(1, topology.Workers)]
            : topology.BackendWorkers;
        if (backends.Length != needed.Length)
            yield return $"{needed.Length} backends are needed, and {backends.Length} are ready";
        var (neededBeside, beside) = (needed.Count(w => w == client), backends.Count(p => p.Node == clientNode));
        // Where the scenario does not say, what matters is whether there is one beside the client.
        var isGiven = !topology.BackendWorkers.IsEmpty;
        if (isGiven ? neededBeside != beside : neededBeside > 0 && beside == 0)
            yield return neededBeside switch
            {
                0 => $"no backend may be on the client's node {clientNode}, and {Are(beside)} there",
                1 when !isGiven => $"a backend is needed on the client's node {clientNode}, and none is there",
                _ =>
                    $"{neededBeside} of the backends must be on the client's node {clientNode}, and {Are(beside)} there",
            };
        var (neededElsewhere, elsewhere) = (
            Groups(needed.Where(w => w != client)),
            Groups(backends.Where(p => p.Node != clientNode).Select(p => p.Node))
        );
        if (isGiven && neededBeside == beside && neededElsewhere != elsewhere)
            yield return $"the backends of other nodes must be {neededElsewhere} on a node, and are {elsewhere}";
        if (topology.Zones.IsEmpty)
            yield break;
        var zone = topology.Zones[client - 1];
        var near = needed.Count(w => topology.Zones[w - 1] == zone);
        var there = zoneOf(clientNode) is { } clientZone ? backends.Count(p => zoneOf(p.Node) == clientZone) : 0;
        if (near != there)
            yield return $"{near} of the backends must be in the client's zone, and {there} are";
    }

    private static string Are(int backends) => backends == 1 ? "1 is" : $"{backends} are";

    /// <summary>How many are in each group, largest first, such as "2 and 1".</summary>
    private static string Groups<T>(IEnumerable<T> places) =>
        string.Join(" and ", places.GroupBy(p => p).Select(g => g.Count()).OrderDescending());
}
