using System.Text.RegularExpressions;
using k8s.Models;

namespace CiliumDebugging.Lab.Running.Existing;

/// <summary>
/// Follows SYNs through the tunnel in the output of <c>cilium monitor -t trace</c> of each node. In the lab's model of
/// two-sided-l7 they enter the tunnel on the client's node, leave it on the backend's, and reach neither its proxy nor
/// the Pod. SYNs that never leave the tunnel, or that reach the Pod, refute the model.
/// </summary>
internal static partial class TunnelSyns
{
    /// <summary>What became of the SYNs from one node to another; each connection (4-tuple) counts once.</summary>
    /// <param name="From">Node where they entered the tunnel.</param>
    /// <param name="To">Node of the backend.</param>
    /// <param name="Entered">Connections whose SYN entered the tunnel.</param>
    /// <param name="Left">Of these, those whose SYN left it on the other node.</param>
    /// <param name="ToProxy">Of these, those whose SYN was handed to that node's proxy.</param>
    /// <param name="ToPod">Of these, those whose SYN was delivered to the Pod under the same 4-tuple.</param>
    public sealed record Path(string From, string To, int Entered, int Left, int ToProxy, int ToPod);

    /// <summary>Follows them.</summary>
    /// <param name="traces">The trace of each node, by its name.</param>
    /// <param name="backends">Node of each backend, by its <c>address:port</c>.</param>
    public static IReadOnlyList<Path> Follow(
        IReadOnlyDictionary<string, string> traces,
        IReadOnlyDictionary<string, string> backends
    )
    {
        ArgumentNullException.ThrowIfNull(traces);
        ArgumentNullException.ThrowIfNull(backends);
        var seen = traces.ToDictionary(t => t.Key, t => Points(t.Value), StringComparer.Ordinal);
        return
        [
            .. seen.SelectMany(from =>
                    from.Value["-> overlay"]
                        .Where(s => backends.ContainsKey(s.To))
                        .GroupBy(s => backends[s.To], StringComparer.Ordinal)
                        .Select(group =>
                        {
                            var there = seen.GetValueOrDefault(group.Key) ?? Points("");
                            var left = group.Where(there["<- overlay"].Contains).ToList();
                            return new Path(
                                from.Key,
                                group.Key,
                                group.Count(),
                                left.Count,
                                left.Count(there["-> proxy"].Contains),
                                left.Count(there["-> endpoint"].Contains)
                            );
                        })
                )
                .OrderBy(p => (p.From, p.To)),
        ];
    }

    /// <summary>One line for each pair of nodes.</summary>
    public static string Report(
        IReadOnlyDictionary<string, string> traces,
        IEnumerable<V1EndpointSlice> slices,
        int port
    )
    {
        var backends = slices
            .SelectMany(s => s.Endpoints ?? [])
            .Where(e => e.NodeName is not null)
            .SelectMany(e => e.Addresses.Select(a => ($"{a}:{port}", e.NodeName)))
            .DistinctBy(b => b.Item1)
            .ToDictionary(b => b.Item1, b => b.NodeName, StringComparer.Ordinal);
        var paths = Follow(traces, backends);
        return paths.Count == 0
            ? "no SYN to a backend entered a tunnel while it was captured\n"
            : string.Concat(
                paths.Select(p =>
                    $"{p.From} -> {p.To}: {p.Entered} connections' SYNs entered the tunnel, {p.Left} left it, "
                    + $"{p.ToProxy} of them reached the proxy, {p.ToPod} the pod\n"
                )
            );
    }

    /// <summary>The connections whose SYN passed each point of a node.</summary>
    private static Dictionary<string, HashSet<(string From, string To)>> Points(string trace)
    {
        var points = new Dictionary<string, HashSet<(string, string)>>(StringComparer.Ordinal)
        {
            ["-> overlay"] = [],
            ["<- overlay"] = [],
            ["-> proxy"] = [],
            ["-> endpoint"] = [],
        };
        foreach (Match line in Syn().Matches(trace))
            if (points.TryGetValue(line.Groups[1].Value, out var connections))
                connections.Add((line.Groups[2].Value, line.Groups[3].Value));
        return points;
    }

    // -> overlay flow 0x6a16c10e , identity 18548->13318 state new ifindex cilium_vxlan
    // orig-ip 0.0.0.0: 10.244.2.169:42532 -> 10.244.1.84:8080 tcp SYN (one line)
    [GeneratedRegex(
        @"^(-> \w+|<- \w+) .*: (\d{1,3}(?:\.\d{1,3}){3}:\d+) -> (\d{1,3}(?:\.\d{1,3}){3}:\d+) tcp SYN\r?$",
        RegexOptions.Multiline | RegexOptions.CultureInvariant
    )]
    private static partial Regex Syn();
}
