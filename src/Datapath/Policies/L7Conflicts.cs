using System.Collections.Immutable;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>
/// Different types of L7 rules on one port of an endpoint. Each document is valid; the endpoint's policy cannot be made
/// of them (cilium, mergePortProto).
/// </summary>
internal static class L7Conflicts
{
    private static readonly L4Protocol[] s_protocols = [L4Protocol.Tcp, L4Protocol.Udp, L4Protocol.Sctp];

    /// <summary>Whether any set of these specs can have a conflict.</summary>
    public static bool MayBeIn(ImmutableArray<PolicySpec> specs)
    {
        var ports = specs.SelectMany(s => s.Ingress.Concat(s.Egress)).SelectMany(r => r.Ports).ToList();
        return ports.Exists(p => p.IsDns) && ports.Exists(p => p.Http is not null);
    }

    /// <summary>The first conflict, in Cilium's words; null without one.</summary>
    /// <param name="specs">The specs that select one endpoint.</param>
    public static string? Find(IEnumerable<PolicySpec> specs)
    {
        List<PolicySpec> all = [.. specs];
        return Find(all.SelectMany(s => s.Ingress)) ?? Find(all.SelectMany(s => s.Egress));
    }

    private static string? Find(IEnumerable<TrafficRule> rules)
    {
        // Ranges that overlap are filters of their own; a name is one whatever its end (cilium, L4PolicyMap).
        Dictionary<(ushort Port, ushort EndPort, string? Name, L4Protocol Protocol), string> parsers = [];
        foreach (TrafficRule rule in rules.Where(r => !r.IsDeny && (r.AnyPeer || !r.Peers.IsEmpty)))
        {
            foreach (PortRule port in rule.Ports)
            {
                string? parser =
                    port.Http is not null ? "http"
                    : port.IsDns ? "dns"
                    : null;
                if (parser is null)
                    continue;
                foreach (L4Protocol protocol in s_protocols.Where(p => port.Protocol is null || port.Protocol == p))
                {
                    (PortMatch match, ushort end) = (port.Ports, port.Ports.Name is null ? port.EndPort : (ushort)0);
                    var key = (match.First, end, match.Name, protocol);
                    if (!parsers.TryAdd(key, parser) && parsers[key] != parser)
                        return $"cannot merge conflicting L7 parsers ({parsers[key]}/{parser})";
                }
            }
        }
        return null;
    }
}
