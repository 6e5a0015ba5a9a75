using System.Collections.Immutable;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>
/// Different types of L7 rules on one port of an endpoint. Each document is valid; the endpoint's policy cannot be made
/// of them (cilium, mergePortProto).
/// </summary>
internal static class L7Conflicts
{
    private const string Denied = "deny";

    /// <summary>Whether any set of these specs can have a conflict.</summary>
    public static bool MayBeIn(ImmutableArray<PolicySpec> specs)
    {
        var ports = specs.SelectMany(s => s.Ingress.Concat(s.Egress)).SelectMany(r => r.Ports).ToList();
        return ports.Exists(p => p.IsDns) && ports.Exists(p => p.Http is not null);
    }

    /// <summary>The first conflict, in Cilium's words; null without one.</summary>
    /// <param name="specs">The specs that select one endpoint.</param>
    /// <param name="release">The release whose rules hold.</param>
    public static string? Find(IEnumerable<PolicySpec> specs, CiliumVersion release)
    {
        List<PolicySpec> all = [.. specs];
        return Find(all.SelectMany(s => s.Ingress), release) ?? Find(all.SelectMany(s => s.Egress), release);
    }

    private static string? Find(IEnumerable<TrafficRule> rules, CiliumVersion release)
    {
        bool perPeer = ReleaseChanges.ParsersArePerPeer.In(release);
        Dictionary<(string Filter, L4Protocol Protocol, string Peer), string> parsers = [];
        foreach (TrafficRule rule in rules.Where(r => r.HasPeers && (perPeer || !r.IsDeny)))
        {
            if (!rule.Ports.Any(p => ParserOf(rule, p) is not null))
                continue;
            List<string> peers = perPeer ? SelectorKeys.Of(rule, release) : [""];
            foreach (PortRule port in rule.Ports)
            {
                if (ParserOf(rule, port) is not { } parser)
                    continue;
                foreach (L4Protocol protocol in L4Protocols.Of(port.Protocol))
                {
                    foreach (string peer in peers)
                    {
                        var key = (port.Filter, protocol, peer);
                        if (parsers.GetValueOrDefault(key, parser) is var first && first == parser)
                            parsers[key] = parser;
                        else if (parser == Denied)
                            parsers[key] = Denied;
                        else if (first != Denied)
                            return $"cannot merge conflicting L7 parsers ({first}/{parser})";
                    }
                }
            }
        }
        return null;
    }

    private static string? ParserOf(TrafficRule rule, PortRule port) =>
        rule.IsDeny ? Denied
        : port.Http is not null ? "http"
        : port.IsDns ? "dns"
        : null;
}
