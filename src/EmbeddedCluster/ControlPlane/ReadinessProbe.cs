using System.Net.Sockets;
using System.Text;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.EmbeddedCluster.Network;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>
/// An HTTP readiness probe as the kubelet sends it: from the node's host, over a fresh connection; 200 to 399 is
/// success.
/// </summary>
internal static class ReadinessProbe
{
    // Kubernetes's default is 1 s; a busy machine must not look like a sick Pod.
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(5);

    /// <returns>Why the probe fails; null when it succeeds.</returns>
    public static async Task<string?> FailureAsync(
        LiveDatapath datapath,
        TcpEndpoint pod,
        string path,
        TcpEndpoint source,
        CancellationToken cancellationToken
    )
    {
        using var timeout = new CancellationTokenSource(s_timeout, datapath.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var socket = await datapath.DialPodAsync(pod.Address, pod.Port, source, either.Token);
            var request =
                $"GET {path} HTTP/1.1\r\nHost: {TcpEndpoint.ToIPAddress(pod.Address)}\r\n"
                + "User-Agent: kube-probe/1.19\r\nConnection: close\r\n\r\n";
            await socket.SendAsync(Encoding.ASCII.GetBytes(request), SocketFlags.None, either.Token);
            var start = new byte["HTTP/1.1 200".Length];
            for (var read = 0; read < start.Length; )
            {
                var count = await socket.ReceiveAsync(start.AsMemory(read), SocketFlags.None, either.Token);
                if (count == 0)
                    return "the connection was closed without an answer";
                read += count;
            }
            return start[9] is (byte)'2' or (byte)'3'
                ? null
                : $"HTTP probe failed with statuscode: {Encoding.ASCII.GetString(start[9..])}";
        }
        catch (SocketException e)
        {
            return $"Get \"http://{pod}{path}\": {e.Message}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"Get \"http://{pod}{path}\": no answer within {s_timeout.TotalSeconds:0} s";
        }
    }
}
