using System.Globalization;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>Cilium's filters: what the rules of an endpoint say of one port, merged. Which port a filter opens says the
/// first rule of it (cilium, addL4Filter and mergePortProto).</summary>
internal static class PortFilters
{
    /// <summary>
    /// The key of a port as written. A name has one filter whatever the end of its range. A number is read in base 10
    /// here, with a leading 0 or without, and one with an underscore counts as 0 (cilium, parsePortProtocol), whereas
    /// the port itself is read as Go writes numbers: <c>"0120"</c> is port 80 in the filter of <c>"120"</c>. Before
    /// <see cref="ReleaseChanges.PortRanges"/> the text was the key.
    /// </summary>
    public static string Key(string text, bool isName, ushort endPort, CiliumVersion release)
    {
        if (isName)
            return text;
        if (!ReleaseChanges.PortRanges.In(release))
            return $"{text}-0";
        ushort number = ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ushort n)
            ? n
            : (ushort)0;
        return string.Create(CultureInfo.InvariantCulture, $"{number}-{endPort}");
    }

    /// <summary>The rules with the ports that their filters open.</summary>
    /// <param name="rules">The rules of one direction that apply to an endpoint, in order.</param>
    public static List<TrafficRule> Merge(IEnumerable<TrafficRule> rules)
    {
        List<TrafficRule> merged = [];
        Dictionary<(string Filter, L4Protocol Protocol), PortMatch> ports = [];
        foreach (TrafficRule rule in rules)
            merged.Add(rule.HasPeers ? Merge(rule, ports) : rule);
        return merged;
    }

    private static TrafficRule Merge(TrafficRule rule, Dictionary<(string, L4Protocol), PortMatch> ports)
    {
        bool isSame = true;
        foreach (PortRule port in rule.Ports)
        {
            foreach (L4Protocol protocol in L4Protocols.Of(port.Protocol))
                isSame &=
                    ports.TryAdd((port.Filter, protocol), port.Ports) || ports[(port.Filter, protocol)] == port.Ports;
        }
        return isSame
            ? rule
            : rule with
            {
                Ports =
                [
                    .. rule.Ports.SelectMany(p =>
                        L4Protocols.Of(p.Protocol).Select(l => p with { Protocol = l, Ports = ports[(p.Filter, l)] })
                    ),
                ],
            };
    }
}
