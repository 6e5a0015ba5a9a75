using System.Net;
using System.Net.Sockets;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.ServiceDefaults.Pods;

namespace CiliumDebugging.EmbeddedCluster.Network;

/// <summary>Where a Pod's process listens, and how it recognises the datapath.</summary>
/// <param name="Backing">The Pod's private address.</param>
/// <param name="Token">The Pod's connection token.</param>
public sealed record PodBacking(IPAddress Backing, byte[] Token);

/// <summary>Opens connections to the processes of Pods: the last hop, which only the datapath can take.</summary>
/// <param name="portOffset">What is added to every port where it is listened on.</param>
internal sealed class PodDialer(int portOffset)
{
    /// <summary>
    /// Connects to a Pod's process, which sees the given source, at the Pod's address and container port.
    /// </summary>
    /// <exception cref="SocketException">The process does not listen there yet, or no longer.</exception>
    public async ValueTask<Socket> ConnectAsync(
        PodBacking pod,
        TcpEndpoint source,
        TcpEndpoint destination,
        CancellationToken cancellationToken
    )
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(pod.Backing, destination.Port + portOffset), cancellationToken);
            var header = new byte[ProxyProtocol.HeaderLength];
            ProxyProtocol.Write(header, source.ToIPEndPoint(), destination.ToIPEndPoint(), pod.Token);
            await socket.SendAsync(header, SocketFlags.None, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
