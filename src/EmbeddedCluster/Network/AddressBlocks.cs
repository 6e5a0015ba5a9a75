using System.Net;
using System.Net.Sockets;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.EmbeddedCluster.Configuration;

namespace CiliumDebugging.EmbeddedCluster.Network;

/// <summary>
/// The loopback addresses of one cluster: 127.a.N.0/24 for the Pods of node N, 127.(a+1).0.0/16 for Services,
/// 127.(a+2).0.N for nodes and 127.(a+3).N.0/24 for the backing addresses of Pods. A cluster claims its four blocks by
/// holding a listener in them, so two labs and parallel tests never collide.
/// </summary>
public sealed class AddressBlocks : IDisposable
{
    /// <summary>Port of the claiming listener; below the client port range (32768 to 60999).</summary>
    private const int ClaimPort = 31_999;

    private const int FirstBlock = 64;
    private const int BlocksPerCluster = 4;
    private const int LastBlock = 250;
    private const int MaxPodsPerNode = 250;
    private const int FirstNodePort = 30_000;
    private const int NodePorts = 2_768;

    private readonly Lock _lock = new();
    private readonly Socket _claim;
    private readonly Dictionary<int, (int Next, Queue<uint> Free)> _pods = [];
    private uint _nextService = 1;
    private int _nextNodePort;

    private AddressBlocks(Socket claim, byte first) => (_claim, First) = (claim, first);

    /// <summary>Second octet of the Pods' block.</summary>
    public byte First { get; }

    /// <exception cref="ClusterStartException">
    /// All blocks are taken: some 46 clusters run on this machine, or a program listens on the port on all addresses.
    /// </exception>
    public static AddressBlocks Claim()
    {
        var failure = "";
        for (var first = FirstBlock; first + BlocksPerCluster <= LastBlock; first += BlocksPerCluster)
        {
            var claim = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                claim.Bind(new IPEndPoint(new IPAddress([127, (byte)first, 255, 254]), ClaimPort));
                claim.Listen(1);
                return new AddressBlocks(claim, (byte)first);
            }
            catch (SocketException e)
            {
                failure = e.Message;
                claim.Dispose();
            }
        }
        // Loopback addresses of which none is a lab's: what is taken there is taken everywhere.
        var everywhere = PortConflict.Find(IPAddress.Loopback, ClaimPort);
        throw new ClusterStartException(
            everywhere is { Process: var process }
                ? $"TCP port {ClaimPort}, by which a cluster claims its addresses, is held on all addresses"
                    + $"{(process is null ? "" : $" by {process}")}: end that program"
                : $"a cluster could claim no addresses from 127.{FirstBlock}.0.0 to 127.{LastBlock}.0.0 ({failure}): "
                    + "end a running lab"
        );
    }

    /// <summary>Address of a node, by its number from 0 to 65,000.</summary>
    public uint Node(int index) => Block(2) | (uint)(index + 1);

    /// <summary>Address of the links between node proxies.</summary>
    public uint Link => Block(2) | 0xFE01;

    /// <summary>An address of the cluster on which nothing listens: where ports are tried.</summary>
    public uint Probe => Block(2) | 0xFE02;

    /// <summary>The pod network of a node, for its Node object: 127.a.N.0/24.</summary>
    public string PodCidr(int index) => $"{TcpEndpoint.ToIPAddress(Block(0) | ((uint)index << 8))}/24";

    public uint NextService() => Block(1) | Interlocked.Increment(ref _nextService);

    /// <summary>The Services' block, for messages: 127.b.0.0/16.</summary>
    public string ServiceCidr => $"{TcpEndpoint.ToIPAddress(Block(1))}/16";

    public bool IsService(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.AddressFamily is AddressFamily.InterNetwork
            && (TcpEndpoint.AddressOf(address) & 0xFFFF_0000) == Block(1)
            && (TcpEndpoint.AddressOf(address) & 0xFFFF) is > 0 and < 0xFFFF;
    }

    public static bool IsNodePort(long number) => number is >= FirstNodePort and < FirstNodePort + NodePorts;

    /// <summary>A free node port, 30000 to 32767 (Kubernetes's default --service-node-port-range).</summary>
    public int NextNodePort() => FirstNodePort + (Interlocked.Increment(ref _nextNodePort) - 1) % NodePorts;

    /// <summary>A free Pod address on a node (0 to 254) with its backing address.</summary>
    /// <exception cref="InvalidOperationException">The node's /24 is used up.</exception>
    public (uint Pod, uint Backing) NextPod(int node)
    {
        lock (_lock)
        {
            if (!_pods.TryGetValue(node, out var state))
                state = (2, new Queue<uint>());
            // Fresh addresses first: a replaced Pod gets a new one, as on a real cluster, until the block is used up.
            uint host;
            if (state.Next <= MaxPodsPerNode)
                host = (uint)state.Next++;
            else if (!state.Free.TryDequeue(out host))
                throw new InvalidOperationException(
                    $"node {node} has no free pod address ({MaxPodsPerNode} are in use)"
                );
            _pods[node] = state;
            var suffix = ((uint)node << 8) | host;
            return (Block(0) | suffix, Block(3) | suffix);
        }
    }

    public void ReleasePod(int node, uint pod)
    {
        lock (_lock)
            if (_pods.TryGetValue(node, out var state))
                state.Free.Enqueue(pod & 0xFF);
    }

    private uint Block(int nth) => (127u << 24) | ((uint)(First + nth) << 16);

    public void Dispose() => _claim.Dispose();
}
