using System.Collections.Frozen;
using CiliumDebugging.Datapath.Policies;

namespace CiliumDebugging.Datapath.Forwarding;

/// <summary>What a connection's way needs of a Pod, side by side: with thousands of Pods each further cache line is
/// felt.</summary>
/// <param name="entry">The Pod.</param>
internal readonly struct PodSlot(PodEntry entry)
{
    /// <summary>The Pod; null: none.</summary>
    public readonly PodEntry? Pod = entry;

    /// <summary>Its identity.</summary>
    public readonly EndpointIdentity Identity = entry.Identity;

    /// <summary>Its node's number.</summary>
    public readonly int Node = entry.NodeNumber;
}

/// <summary>Pods by address: an array of pages of 256 addresses, so that a look-up costs the same however many Pods
/// there are, and touches two cache lines. Addresses that are too far apart for an array of pages (more than 2^25 from
/// first to last) have their pages in a hash table.</summary>
internal sealed class PodTable
{
    private const int PageBits = 8;
    private const uint MaxPages = 1 << 17;

    private readonly uint _first;
    private readonly PodSlot[]?[] _pages = [];
    private readonly FrozenDictionary<uint, PodSlot[]>? _scattered;

    public PodTable(FrozenDictionary<uint, PodEntry> pods)
    {
        var pages = pods.GroupBy(p => p.Key >> PageBits).ToDictionary(g => g.Key, Page);
        if (pages.Count == 0)
            return;
        _first = pages.Keys.Min();
        if (pages.Keys.Max() - _first >= MaxPages)
            _scattered = pages.ToFrozenDictionary();
        else
        {
            _pages = new PodSlot[]?[pages.Keys.Max() - _first + 1];
            foreach (var (number, page) in pages)
                _pages[number - _first] = page;
        }
    }

    /// <summary>The Pod at an address, or false.</summary>
    public bool TryFind(uint address, out PodSlot slot)
    {
        var number = (address >> PageBits) - _first;
        var page = number < (uint)_pages.Length ? _pages[number] : _scattered?.GetValueOrDefault(address >> PageBits);
        slot = page is null ? default : page[address & ((1 << PageBits) - 1)];
        return slot.Pod is not null;
    }

    private static PodSlot[] Page(IEnumerable<KeyValuePair<uint, PodEntry>> pods)
    {
        var page = new PodSlot[1 << PageBits];
        foreach (var (address, pod) in pods)
            page[address & ((1 << PageBits) - 1)] = new PodSlot(pod);
        return page;
    }
}
