using CiliumDebugging.Datapath.Addresses;

namespace CiliumDebugging.Datapath.LoadBalancing;

/// <summary>Maglev's look-up table (Eisenbud et al., NSDI 2016, section 3.4), as <c>bpf-lb-algorithm: maglev</c> uses
/// it: every node with the same backends builds the same table, shares are nearly equal, and when a backend goes few
/// connections of the others move.</summary>
public sealed class MaglevTable
{
    private readonly int[] _slots;

    /// <summary>A table of backends.</summary>
    /// <param name="backends">The backends, at least one; their order has no effect.</param>
    /// <param name="size">Slots: a prime, much larger than the number of backends.</param>
    public MaglevTable(IReadOnlyList<ServiceBackend> backends, int size)
    {
        ArgumentNullException.ThrowIfNull(backends);
        ArgumentOutOfRangeException.ThrowIfZero(backends.Count, nameof(backends));
        if (!IsPrime(size))
            throw new ArgumentOutOfRangeException(
                nameof(size),
                size,
                "the size must be prime, so that every backend's walk visits every slot"
            );
        _slots = Populate(backends, size);
    }

    /// <summary>Number of slots.</summary>
    public int Size => _slots.Length;

    /// <summary>Position, in the list the table was built from, of the backend for a connection.</summary>
    public int Choose(in FourTuple syn)
    {
        var ends = Mix(((ulong)syn.Source.Address << 32) | syn.Destination.Address);
        return _slots[
            (int)((uint)Mix(ends ^ ((ulong)syn.Source.Port << 16) ^ syn.Destination.Port) % (uint)_slots.Length)
        ];
    }

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

    /// <summary>Whether a number is prime.</summary>
    public static bool IsPrime(int number)
    {
        if (number < 2)
            return false;
        for (var i = 2; (long)i * i <= number; i++)
            if (number % i == 0)
                return false;
        return true;
    }

    /// <summary>The backends take turns, in the order of their addresses; each takes the next slot of its own
    /// permutation that is still free.</summary>
    private static int[] Populate(IReadOnlyList<ServiceBackend> backends, int size)
    {
        var turns = Enumerable
            .Range(0, backends.Count)
            .OrderBy(i => backends[i].Address.Address)
            .ThenBy(i => backends[i].Address.Port)
            .ToArray();
        var next = new long[backends.Count];
        var skip = new long[backends.Count];
        foreach (var i in turns)
        {
            var name = ((ulong)backends[i].Address.Address << 16) | backends[i].Address.Port;
            (next[i], skip[i]) = ((long)(Mix(name) % (ulong)size), (long)(Mix(~name) % (ulong)(size - 1)) + 1);
        }
        var slots = new int[size];
        Array.Fill(slots, -1);
        for (var filled = 0; ; )
        {
            foreach (var i in turns)
            {
                while (slots[next[i]] >= 0)
                    next[i] = (next[i] + skip[i]) % size;
                slots[next[i]] = i;
                if (++filled == size)
                    return slots;
            }
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
