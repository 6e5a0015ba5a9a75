using System.Collections.Immutable;
using CiliumDebugging.Lab.Manifests;
using CiliumDebugging.Lab.Releases;
using CiliumDebugging.Releases;

namespace CiliumDebugging.ClusterSetup.Kind.Cilium;

/// <summary>One value of a Helm chart.</summary>
/// <param name="Key">Its path, with dots.</param>
/// <param name="Value">A bool, int, string or list of strings.</param>
internal sealed record HelmValue(string Key, object Value);

/// <summary>
/// The Cilium settings of the original report, under the keys of a release's chart. The meaning is the same for every
/// release: kube-proxy keeps what Cilium can leave to it, and socket LB is off, so that each packet is translated as in
/// https://github.com/cilium/cilium/issues/14250 and https://github.com/cilium/cilium/issues/14268. A VXLAN tunnel
/// connects the nodes, whose PodCIDRs give the addresses. Hubble has metrics with source and destination pods, relay
/// and UI.
///</summary>
internal static class HelmValues
{
    /// <summary>
    /// The metrics of the original report. <c>http</c> counts requests and responses separately, which the lab's three
    /// queries need; <c>httpV2</c>, which later releases prefer, has no responses_total.
    ///</summary>
    private static readonly ImmutableArray<string> s_metrics =
    [
        "dns",
        "drop",
        "tcp",
        "flow",
        "icmp",
        "http:sourceContext=pod;destinationContext=pod",
    ];

    /// <summary>
    /// The values for a release of the table. Its chart has each of them (<see cref="ChartValues"/>).
    ///</summary>
    public static ImmutableArray<HelmValue> For(CiliumVersion release)
    {
        var before12 = !ReleaseChanges.SocketLoadBalancingKey.In(release);
        var before14 = release < new CiliumVersion(1, 14, 0);
        IEnumerable<HelmValue> all =
        [
            // Since 1.14 the values are true and false; "partial" is false with its parts set one by one.
            new("kubeProxyReplacement", before14 ? "partial" : (object)false),
            new(before12 ? "hostServices.enabled" : "socketLB.enabled", false),
            .. Known(
                release,
                new("externalIPs.enabled", true),
                new("nodePort.enabled", true),
                new("hostPort.enabled", true)
            ),
            new("bpf.masquerade", false),
            new("ipam.mode", "kubernetes"),
            .. before14
                ? [new HelmValue("tunnel", "vxlan")]
                : new HelmValue[] { new("routingMode", "tunnel"), new("tunnelProtocol", "vxlan") },
            new("prometheus.enabled", true),
            new("operator.replicas", 1),
            new("operator.prometheus.enabled", true),
            new("hubble.enabled", true),
            new("hubble.metrics.enabled", s_metrics),
            new("hubble.relay.enabled", true),
            new("hubble.ui.enabled", true),
        ];
        return [.. all];
    }

    /// <summary>The values as the YAML file that Helm reads.</summary>
    public static string ToYaml(IEnumerable<HelmValue> values)
    {
        var root = new SortedDictionary<string, object>(StringComparer.Ordinal);
        foreach (var value in values)
        {
            var (map, path) = (root, value.Key.Split('.'));
            foreach (var name in path[..^1])
            {
                if (!map.TryGetValue(name, out var below))
                    map[name] = below = new SortedDictionary<string, object>(StringComparer.Ordinal);
                map = (SortedDictionary<string, object>)below;
            }
            map[path[^1]] = value.Value;
        }
        return YamlText.Write(root);
    }

    /// <summary>
    /// Parts of kube-proxy replacement that later releases no longer have: there kube-proxy does them.
    ///</summary>
    private static IEnumerable<HelmValue> Known(CiliumVersion release, params HelmValue[] values) =>
        values.Where(v => ChartValues.Published.Knows(release, v.Key));
}
