using System.Collections.Immutable;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>Cuts the IPv4 space at the edges of all blocks that policies name: two addresses of one class are treated
/// alike by every policy.</summary>
internal sealed class CidrClasses
{
    private readonly uint[] _starts;

    private CidrClasses(uint[] starts) => _starts = starts;

    public int Count => _starts.Length;

    public static CidrClasses Create(IEnumerable<PolicySpec> specs)
    {
        var edges = new SortedSet<uint> { 0 };
        foreach (
            CidrPeer peer in specs
                .SelectMany(s => s.Ingress.Concat(s.Egress))
                .SelectMany(r => r.Peers)
                .OfType<CidrPeer>()
        )
        {
            foreach (CidrBlock block in peer.Except.Prepend(peer.Block).Where(b => !b.IsIPv6))
            {
                edges.Add(block.First);
                if (block.Last != uint.MaxValue)
                    edges.Add(block.Last + 1);
            }
        }
        return new CidrClasses([.. edges]);
    }

    public int Of(uint address)
    {
        int low = 0;
        int high = _starts.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) >>> 1;
            if (_starts[middle] <= address)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }
}
