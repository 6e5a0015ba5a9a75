using CiliumDebugging.LoadTest.Attack.Engines.Loops;
using CiliumDebugging.LoadTest.Attack.Http;

namespace CiliumDebugging.LoadTest.Attack.Engines.Epoll;

/// <summary>Where an epoll connection is.</summary>
internal enum ConnectionState : byte
{
    /// <summary>No socket.</summary>
    Closed,

    /// <summary>Connected and waiting for its next request.</summary>
    Idle,
    Connecting,
    Sending,
    Receiving,
}

/// <summary>A connection slot of the epoll engine.</summary>
internal sealed class EpollConnection(int index, ResponseParser parser) : Exchange(parser)
{
    public ConnectionState State { get; set; }

    public int Fd { get; set; } = -1;

    /// <summary>Events the socket is watched for; 0 while it is not watched.</summary>
    public uint Watched { get; set; }

    /// <summary>Distinguishes the slot's sockets: an event of a closed one may still be in the batch.</summary>
    public uint Generation { get; set; }

    public ulong Key => ((ulong)Generation << 32) | (uint)index;

    /// <summary>Bytes of the request that were sent.</summary>
    public int Sent { get; set; }
}
