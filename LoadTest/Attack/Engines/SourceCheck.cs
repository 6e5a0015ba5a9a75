using System.Net;
using System.Net.Sockets;

namespace CiliumDebugging.LoadTest.Attack;

/// <summary>Tells an address that is not this machine's apart from a port that is taken: both are EADDRNOTAVAIL or look like it.</summary>
internal static class SourceCheck
{
    /// <summary>True when sockets can be bound to this address here.</summary>
    public static bool IsLocal(IPAddress address)
    {
        // A datagram socket on port 0: it needs no TCP port, so it fails for the address alone.
        using var probe = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            probe.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
