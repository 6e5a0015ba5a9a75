using System.Collections.Immutable;

namespace CiliumDebugging.ClusterSetup.Policies;

/// <summary>The rules of one direction that apply to a group of subjects (all that the same specs select), compiled peer by peer on
/// first use. Afterwards a verdict is a table look-up whose cost does not depend on how many policies there are.</summary>
internal sealed class SubjectPolicy
{
    private static readonly L4Protocol[] Protocols = [L4Protocol.Tcp, L4Protocol.Udp, L4Protocol.Sctp];

    private readonly Lock gate = new();
    private readonly TrafficDirection direction;
    private readonly ImmutableArray<TrafficRule> rules;
    private readonly bool defaultDeny;
    private readonly ImmutableArray<NamedPort> subjectPorts;
    private readonly CidrClasses cidrs;
    private readonly PagedTable<PeerVerdicts> inside = new();
    private readonly PagedTable<PagedTable<PeerVerdicts>> outside = new();
    private readonly Dictionary<PeerVerdicts, PeerVerdicts> interned = [];

    public SubjectPolicy(
        TrafficDirection direction, ImmutableArray<TrafficRule> rules, bool defaultDeny, ImmutableArray<NamedPort> subjectPorts, CidrClasses cidrs) =>
        (this.direction, this.rules, this.defaultDeny, this.subjectPorts, this.cidrs) = (direction, rules, defaultDeny, subjectPorts, cidrs);

    public PolicyVerdict Evaluate(Peer peer, ushort port, L4Protocol protocol)
    {
        PeerVerdicts? verdicts = peer.Identity.IsExternal
            ? outside.Get(peer.Identity.Id)?.Get(cidrs.Of(peer.Address))
            : inside.Get(peer.Identity.Id);
        return (verdicts ?? Resolve(peer))[port, protocol];
    }

    private PeerVerdicts Resolve(Peer peer)
    {
        lock (gate)
        {
            PeerVerdicts compiled = Compile(peer);
            if (interned.TryGetValue(compiled, out PeerVerdicts? same))
                compiled = same;
            else
                interned.Add(compiled, compiled);
            int id = peer.Identity.Id;
            if (!peer.Identity.IsExternal)
            {
                inside.Set_NeedsLock(id, compiled);
                return compiled;
            }
            PagedTable<PeerVerdicts>? classes = outside.Get(id);
            if (classes is null)
                outside.Set_NeedsLock(id, classes = new PagedTable<PeerVerdicts>());
            classes.Set_NeedsLock(cidrs.Of(peer.Address), compiled);
            return compiled;
        }
    }

    /// <summary>Steps: 1. keep the rules whose peers match; 2. per protocol, cut the ports at the edges of their ranges; 3. decide each
    /// range; 4. join neighbours with equal verdicts.</summary>
    private PeerVerdicts Compile(Peer peer)
    {
        // 1.
        TrafficRule[] matching = [.. rules.Where(r => r.AnyPeer || r.Peers.Any(p => p.Matches(peer)))];
        ImmutableArray<NamedPort> names = direction == TrafficDirection.Ingress ? subjectPorts : peer.Identity.NamedPorts;
        PortVerdicts[] byProtocol = [.. Protocols.Select(protocol => CompileProtocol(matching, names, protocol, peer.Identity.IsHost))];
        return new PeerVerdicts(byProtocol[0], byProtocol[1], byProtocol[2]);
    }

    private PortVerdicts CompileProtocol(TrafficRule[] matching, ImmutableArray<NamedPort> names, L4Protocol protocol, bool peerIsHost)
    {
        // 2.
        List<Range> ranges = [];
        foreach (TrafficRule rule in matching)
        {
            if (rule.Ports.IsEmpty)
                ranges.Add(new Range(0, ushort.MaxValue, rule.IsDeny, null));
            foreach (PortRule port in rule.Ports)
            {
                if (port.Protocol is null || port.Protocol == protocol)
                    AddRanges(ranges, rule, port, names, protocol);
            }
        }
        var edges = new SortedSet<int> { 0 };
        foreach (Range range in ranges)
        {
            edges.Add(range.First);
            edges.Add(range.Last + 1);
        }
        edges.Remove(ushort.MaxValue + 1);

        // 3. and 4.
        List<(ushort Start, PolicyVerdict Verdict)> verdicts = [];
        foreach (int edge in edges)
        {
            PolicyVerdict verdict = Decide(ranges, edge, peerIsHost);
            if (verdicts.Count == 0 || verdicts[^1].Verdict != verdict)
                verdicts.Add(((ushort)edge, verdict));
        }
        return new PortVerdicts([.. verdicts]);
    }

    private static void AddRanges(
        List<Range> ranges, TrafficRule rule, PortRule port, ImmutableArray<NamedPort> names, L4Protocol protocol)
    {
        if (port.Ports.Name is null)
        {
            ranges.Add(new Range(port.Ports.First, port.Ports.Last, rule.IsDeny, port.Http));
            return;
        }
        foreach (NamedPort named in names)
        {
            if (named.Protocol == protocol && named.Name == port.Ports.Name)
                ranges.Add(new Range(named.Port, named.Port, rule.IsDeny, port.Http));
        }
    }

    private PolicyVerdict Decide(List<Range> ranges, int port, bool peerIsHost)
    {
        bool plain = false;
        bool denied = false;
        List<HttpRuleSet> http = [];
        foreach (Range range in ranges)
        {
            if (port < range.First || port > range.Last)
                continue;
            if (range.IsDeny)
                denied = true;
            else if (range.Http is null)
                plain = true;
            else
                http.Add(range.Http);
        }

        // The host of the subject's node may always come in; where HTTP rules cover it, through the proxy but unrestricted.
        if (peerIsHost && direction == TrafficDirection.Ingress)
            return http.Count > 0 ? PolicyVerdict.Redirect(HttpRuleSet.AllowAll) : PolicyVerdict.Allow;
        if (denied)
            return PolicyVerdict.Drop(DropReason.DeniedByDenyRule);

        // A plain allow beside HTTP rules takes their effect away but not the redirection.
        if (http.Count > 0)
            return PolicyVerdict.Redirect(plain ? HttpRuleSet.AllowAll : HttpRuleSet.Union(http));
        return plain || !defaultDeny ? PolicyVerdict.Allow : PolicyVerdict.Drop(DropReason.PolicyDenied);
    }

    private readonly record struct Range(int First, int Last, bool IsDeny, HttpRuleSet? Http);
}
