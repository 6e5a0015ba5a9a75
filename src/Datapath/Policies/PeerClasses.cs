using System.Collections.Immutable;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>Peers that no policy of a set can tell apart.</summary>
/// <param name="Index">Dense number within the set, from 0.</param>
/// <param name="Selected">One bit for each distinct peer selector of the set: whether it selects these peers.</param>
/// <param name="IsHost">Whether they are the host of the subject's node.</param>
internal sealed record PeerClass(int Index, ulong[] Selected, bool IsHost)
{
    public bool SameAs(PeerClass other) => IsHost == other.IsHost && Selected.AsSpan().SequenceEqual(other.Selected);
}

/// <summary>Puts each peer into its class once: afterwards no selector is looked at again, however many policies there
/// are.</summary>
internal sealed class PeerClasses
{
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerSelector, int> _numbers = new(PeerSelectorComparer.Instance);
    private readonly List<PeerSelector> _selectors = [];
    private readonly Dictionary<int, List<PeerClass>> _byHash = [];
    private readonly CidrClasses _cidrs;
    private readonly PagedTable<PeerClass> _inside = new();
    private readonly PagedTable<PagedTable<PeerClass>> _outside = new();
    private int _count;

    public PeerClasses(ImmutableArray<PolicySpec> specs)
    {
        _cidrs = CidrClasses.Create(specs);
        foreach (TrafficRule rule in specs.SelectMany(s => s.Ingress.Concat(s.Egress)))
        {
            foreach (PeerSelector selector in rule.Peers)
            {
                if (_numbers.TryAdd(selector, _selectors.Count))
                    _selectors.Add(selector);
            }
        }
        Words = (_selectors.Count + 63) / 64;
    }

    /// <summary>The number of words of a set of selectors.</summary>
    public int Words { get; }

    /// <summary>The bit of a selector in <see cref="PeerClass.Selected"/>.</summary>
    public int NumberOf(PeerSelector selector) => _numbers[selector];

    public PeerClass Of(Peer peer)
    {
        PeerClass? known = peer.Identity.IsExternal
            ? _outside.Get(peer.Identity.Id)?.Get(_cidrs.Of(peer.Address))
            : _inside.Get(peer.Identity.Id);
        return known ?? Classify(peer);
    }

    private PeerClass Classify(Peer peer)
    {
        ulong[] selected = new ulong[Words];
        for (int i = 0; i < _selectors.Count; i++)
        {
            if (_selectors[i].Matches(peer))
                selected[i / 64] |= 1UL << i % 64;
        }
        lock (_gate)
        {
            PeerClass found = Intern_NeedsLock(new PeerClass(_count, selected, peer.Identity.IsHost));
            if (!peer.Identity.IsExternal)
            {
                _inside.Set_NeedsLock(peer.Identity.Id, found);
                return found;
            }
            PagedTable<PeerClass>? byAddress = _outside.Get(peer.Identity.Id);
            if (byAddress is null)
                _outside.Set_NeedsLock(peer.Identity.Id, byAddress = new PagedTable<PeerClass>());
            byAddress.Set_NeedsLock(_cidrs.Of(peer.Address), found);
            return found;
        }
    }

    private PeerClass Intern_NeedsLock(PeerClass candidate)
    {
        var hash = default(HashCode);
        foreach (ulong word in candidate.Selected)
            hash.Add(word);
        int key = hash.ToHashCode();
        if (!_byHash.TryGetValue(key, out List<PeerClass>? bucket))
            _byHash.Add(key, bucket = []);
        PeerClass? same = bucket.Find(candidate.SameAs);
        if (same is not null)
            return same;
        bucket.Add(candidate);
        _count++;
        return candidate;
    }
}

/// <summary>Selectors are equal when they are written alike (records compare their arrays by reference).</summary>
internal sealed class PeerSelectorComparer : IEqualityComparer<PeerSelector>
{
    public static PeerSelectorComparer Instance { get; } = new();

    public bool Equals(PeerSelector? x, PeerSelector? y) =>
        (x, y) switch
        {
            (EndpointPeer left, EndpointPeer right) => Same(left.Selector.Requirements, right.Selector.Requirements),
            (CidrPeer left, CidrPeer right) => left.Block == right.Block && left.Except.SequenceEqual(right.Except),
            _ => object.Equals(x, y),
        };

    public int GetHashCode(PeerSelector obj)
    {
        var hash = default(HashCode);
        switch (obj)
        {
            case EndpointPeer endpoint:
                foreach (LabelRequirement requirement in endpoint.Selector.Requirements)
                    hash.Add(
                        HashCode.Combine(
                            requirement.Key,
                            requirement.Operator,
                            requirement.Values.Length > 0 ? requirement.Values[0] : null
                        )
                    );
                break;
            case CidrPeer cidr:
                hash.Add(cidr.Block);
                break;
            default:
                hash.Add(obj);
                break;
        }
        return hash.ToHashCode();
    }

    private static bool Same(ImmutableArray<LabelRequirement> left, ImmutableArray<LabelRequirement> right)
    {
        if (left.Length != right.Length)
            return false;
        for (int i = 0; i < left.Length; i++)
        {
            if (
                left[i].Source != right[i].Source
                || left[i].Key != right[i].Key
                || left[i].Operator != right[i].Operator
                || !left[i].Values.SequenceEqual(right[i].Values)
            )
                return false;
        }
        return true;
    }
}
