using System.Collections.Immutable;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>The rules of one direction for all subjects that the same specs select: a row of verdicts for each class of
/// peers, filled on first use. Afterwards a verdict is a table look-up whose cost does not depend on how many policies
/// there are.</summary>
internal sealed class SubjectPolicy
{
    private readonly Lock _gate = new();
    private readonly TrafficDirection _direction;
    private readonly bool _defaultDeny;
    private readonly ImmutableArray<NamedPort> _names;
    private readonly PortSections _sections;
    private readonly Group[] _groups;
    private readonly PagedTable<PeerVerdicts> _rows = new();

    public SubjectPolicy(
        TrafficDirection direction,
        IEnumerable<TrafficRule> rules,
        bool defaultDeny,
        ImmutableArray<NamedPort> names,
        PeerClasses peers,
        PortSections sections
    )
    {
        (_direction, _defaultDeny, _names, _sections) = (direction, defaultDeny, names, sections);

        // Rules that differ only in their peers are one rule with all of these peers.
        var byPorts = new SortedDictionary<int, Group>();
        foreach (TrafficRule rule in rules)
        {
            int number = sections.NumberOf(PortSection.Of(rule));
            if (!byPorts.TryGetValue(number, out Group? group))
                byPorts.Add(number, group = new Group(number, new ulong[peers.Words]));
            group.AnyPeer |= rule.AnyPeer;
            foreach (PeerSelector peer in rule.Peers)
            {
                int bit = peers.NumberOf(peer);
                group.Selectors[bit / 64] |= 1UL << bit % 64;
            }
        }
        _groups = [.. byPorts.Values];
    }

    public PolicyVerdict Evaluate(PeerClass peer, ushort port, L4Protocol protocol) =>
        (_rows.Get(peer.Index) ?? Resolve(peer))[port, protocol];

    private PeerVerdicts Resolve(PeerClass peer)
    {
        int[] matching = [.. _groups.Where(g => g.Matches(peer)).Select(g => g.Section)];
        bool mayAlwaysEnter = _direction == TrafficDirection.Ingress && peer.IsHost;
        PeerVerdicts row = _sections.Compile(matching, _names, _defaultDeny, mayAlwaysEnter);
        lock (_gate)
            _rows.Set_NeedsLock(peer.Index, row);
        return row;
    }

    private sealed class Group(int section, ulong[] selectors)
    {
        public int Section => section;

        public ulong[] Selectors => selectors;

        public bool AnyPeer { get; set; }

        public bool Matches(PeerClass peer)
        {
            if (AnyPeer)
                return true;
            for (int i = 0; i < selectors.Length; i++)
            {
                if ((selectors[i] & peer.Selected[i]) != 0)
                    return true;
            }
            return false;
        }
    }
}
