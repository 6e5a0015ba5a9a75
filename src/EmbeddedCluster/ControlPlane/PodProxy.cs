using System.Net;
using System.Net.Sockets;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.EmbeddedCluster.Api.Requests;
using CiliumDebugging.EmbeddedCluster.Network;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>
/// The API server's way to Pods: as the host of the Pod's node, which policy always allows. Pods on the host network
/// are dialled at their node's address.
/// </summary>
internal sealed class PodProxy(Func<string, string, V1Pod?> find, LiveDatapath datapath) : IPodProxy
{
    public async Task<Stream> ConnectAsync(string ns, string podName, int port, CancellationToken cancellationToken)
    {
        if (find(ns, podName) is not { Status.PodIP: { } ip } pod)
            throw new IOException($"pod {ns}/{podName} has no address");
        var address = TcpEndpoint.AddressOf(IPAddress.Parse(ip));
        if (pod.Spec.HostNetwork is not true)
        {
            var host = new TcpEndpoint(TcpEndpoint.AddressOf(IPAddress.Parse(pod.Status.HostIP)), 0);
            var dialled = await datapath.DialPodAsync(address, port, host, cancellationToken);
            return new NetworkStream(dialled, ownsSocket: true);
        }
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            var bound = new TcpEndpoint(address, (ushort)(port + datapath.PortOffset));
            await socket.ConnectAsync(bound.ToIPEndPoint(), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
