using System.Collections.Immutable;

namespace CiliumDebugging.ClusterSetup.Policies;

/// <summary>The verdicts of one subject on one peer, for all ports of one protocol: port ranges without gaps.</summary>
internal sealed class PortVerdicts : IEquatable<PortVerdicts>
{
    private readonly ushort[] starts;
    private readonly PolicyVerdict[] verdicts;

    public PortVerdicts(ReadOnlySpan<(ushort Start, PolicyVerdict Verdict)> ranges)
    {
        starts = new ushort[ranges.Length];
        verdicts = new PolicyVerdict[ranges.Length];
        for (int i = 0; i < ranges.Length; i++)
            (starts[i], verdicts[i]) = ranges[i];
    }

    public PolicyVerdict this[ushort port]
    {
        get
        {
            ushort[] edges = starts;
            int low = 0;
            int high = edges.Length - 1;
            while (low < high)
            {
                int middle = (low + high + 1) >>> 1;
                if (edges[middle] <= port)
                    low = middle;
                else
                    high = middle - 1;
            }
            return verdicts[low];
        }
    }

    public bool Equals(PortVerdicts? other) =>
        other is not null && starts.AsSpan().SequenceEqual(other.starts) && verdicts.AsSpan().SequenceEqual(other.verdicts);

    public override bool Equals(object? obj) => Equals(obj as PortVerdicts);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (ushort start in starts)
            hash.Add(start);
        foreach (PolicyVerdict verdict in verdicts)
            hash.Add(verdict);
        return hash.ToHashCode();
    }
}

/// <summary>The verdicts of one subject on one peer, for every protocol.</summary>
internal sealed record PeerVerdicts(PortVerdicts Tcp, PortVerdicts Udp, PortVerdicts Sctp)
{
    public PolicyVerdict this[ushort port, L4Protocol protocol] => protocol switch
    {
        L4Protocol.Tcp => Tcp[port],
        L4Protocol.Udp => Udp[port],
        _ => Sctp[port],
    };
}
