namespace CiliumDebugging.Datapath.Policies;

/// <summary>The verdicts on all ports of one protocol: port ranges without gaps.</summary>
internal sealed class PortVerdicts
{
    private readonly ushort[] _starts;
    private readonly PolicyVerdict[] _verdicts;

    public PortVerdicts(ReadOnlySpan<(ushort Start, PolicyVerdict Verdict)> ranges)
    {
        _starts = new ushort[ranges.Length];
        _verdicts = new PolicyVerdict[ranges.Length];
        for (int i = 0; i < ranges.Length; i++)
            (_starts[i], _verdicts[i]) = ranges[i];
    }

    public PolicyVerdict this[ushort port]
    {
        get
        {
            ushort[] edges = _starts;
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
            return _verdicts[low];
        }
    }
}

/// <summary>The verdicts of subjects on a class of peers, for every protocol. Shared wherever they are the
/// same.</summary>
internal sealed record PeerVerdicts(PortVerdicts Tcp, PortVerdicts Udp, PortVerdicts Sctp)
{
    public PolicyVerdict this[ushort port, L4Protocol protocol] =>
        protocol switch
        {
            L4Protocol.Tcp => Tcp[port],
            L4Protocol.Udp => Udp[port],
            _ => Sctp[port],
        };
}
