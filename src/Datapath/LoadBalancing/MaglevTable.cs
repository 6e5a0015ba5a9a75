using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text;
using CiliumDebugging.Datapath.Addresses;

namespace CiliumDebugging.Datapath.LoadBalancing;

/// <summary>
/// The look-up table of <c>bpf-lb-algorithm: maglev</c> (Eisenbud et al., NSDI 2016, section 3.4), slot by slot as
/// Cilium 1.19.4 builds it (pkg/maglev): every node with the same backends builds the same table, shares follow the
/// weights, and when a backend is deleted few connections of the others move.
/// </summary>
public sealed class MaglevTable
{
    /// <summary>The table sizes that Cilium accepts: primes.</summary>
    public static ImmutableArray<int> Sizes { get; } =
    [251, 509, 1_021, 2_039, 4_093, 8_191, 16_381, 32_749, 65_521, 131_071];

    // The parts of Cilium's default bpf-lb-maglev-hash-seed, base64 JLfvgnHc2kaSUFaI: 4 bytes for murmur3, 4 for jhash
    // of IPv4 and 4 for jhash of IPv6.
    private const uint MurmurSeed = 0x24B7_EF82;
    private const uint JhashSeed = 0x71DC_DA46;
    private const uint Tcp = 6;

    private readonly int[] _slots;

    /// <summary>A table of backends.</summary>
    /// <param name="backends">The backends, at least one; their order has no effect.</param>
    /// <param name="size">Slots: one of <see cref="Sizes"/>.</param>
    public MaglevTable(IReadOnlyList<ServiceBackend> backends, int size)
    {
        ArgumentNullException.ThrowIfNull(backends);
        ArgumentOutOfRangeException.ThrowIfZero(backends.Count, nameof(backends));
        if (!Sizes.Contains(size))
            throw new ArgumentOutOfRangeException(nameof(size), size, $"the size must be {SizesText}");
        _slots = Populate(backends, size);
    }

    /// <summary><see cref="Sizes"/> in words, for messages.</summary>
    public static string SizesText { get; } =
        string.Create(CultureInfo.InvariantCulture, $"one of {string.Join(", ", Sizes)}");

    /// <summary>Number of slots.</summary>
    public int Size => _slots.Length;

    /// <summary>
    /// The backend for a connection, as a position in the list that the table was built from. Cilium hashes the
    /// client's address and both ports, not the Service's address.
    /// </summary>
    /// <param name="syn">Client and Service.</param>
    /// <param name="anyClientPort">Whether the client's port is left out of the hash: with session affinity.</param>
    public int Choose(in FourTuple syn, bool anyClientPort = false) =>
        _slots[(int)(Hash(syn, anyClientPort) % (uint)_slots.Length)];

    /// <summary>Number of slots of each backend.</summary>
    public int[] SlotsByBackend(int backends)
    {
        var counts = new int[backends];
        foreach (var slot in _slots)
            counts[slot]++;
        return counts;
    }

    /// <summary>The backend at a slot, as a position in the list.</summary>
    public int this[int slot] => _slots[slot];

    /// <summary>
    /// The backends take turns in the order of their names; each takes the next slot of its own permutation that is
    /// still free. With weights (1 or less on average is none), one whose share of the slots is ahead of its weight
    /// misses its turn.
    /// </summary>
    private static int[] Populate(IReadOnlyList<ServiceBackend> backends, int size)
    {
        var turns = Enumerable
            .Range(0, backends.Count)
            .Select(i => (Backend: i, Name: $"[{backends[i].Address}/TCP,State:active]"))
            .OrderBy(t => t.Name, StringComparer.Ordinal)
            .ToArray();
        var next = new long[turns.Length];
        var skip = new long[turns.Length];
        for (var turn = 0; turn < turns.Length; turn++)
        {
            var (first, second) = Murmur3.Hash(Encoding.ASCII.GetBytes(turns[turn].Name), MurmurSeed);
            (next[turn], skip[turn]) = ((long)(first % (ulong)size), (long)(second % (ulong)(size - 1)) + 1);
        }
        var weightSum = backends.Sum(b => (long)b.Weight);
        var weighted = weightSum / turns.Length > 1;
        var due = new long[turns.Length];
        var slots = new int[size];
        Array.Fill(slots, -1);
        for (var filled = 0; filled < size; filled++)
        {
            var turn = filled % turns.Length;
            while (weighted && (filled + 1L) * backends[turns[turn].Backend].Weight < due[turn])
                turn = (turn + 1) % turns.Length;
            due[turn] += weightSum;
            while (slots[next[turn]] >= 0)
                next[turn] = (next[turn] + skip[turn]) % size;
            slots[next[turn]] = turns[turn].Backend;
        }
        return slots;
    }

    /// <summary>jhash_3words of Linux over address, ports and protocol, as they lie in memory: in network byte
    /// order.</summary>
    private static uint Hash(in FourTuple syn, bool anyClientPort)
    {
        const uint Start = unchecked(JhashSeed + 0xDEAD_BEEF + (3 << 2));
        var clientPort = anyClientPort ? (ushort)0 : BinaryPrimitives.ReverseEndianness(syn.Source.Port);
        unchecked
        {
            var a = Start + BinaryPrimitives.ReverseEndianness(syn.Source.Address);
            var b = Start + (((uint)BinaryPrimitives.ReverseEndianness(syn.Destination.Port) << 16) | clientPort);
            var c = Start + Tcp;
            c = (c ^ b) - BitOperations.RotateLeft(b, 14);
            a = (a ^ c) - BitOperations.RotateLeft(c, 11);
            b = (b ^ a) - BitOperations.RotateLeft(a, 25);
            c = (c ^ b) - BitOperations.RotateLeft(b, 16);
            a = (a ^ c) - BitOperations.RotateLeft(c, 4);
            b = (b ^ a) - BitOperations.RotateLeft(a, 14);
            return (c ^ b) - BitOperations.RotateLeft(b, 24);
        }
    }
}
