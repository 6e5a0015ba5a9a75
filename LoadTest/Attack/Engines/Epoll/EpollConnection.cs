namespace CiliumDebugging.LoadTest.Attack;

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

/// <summary>A connection slot of the epoll engine and the exchange it carries; reused, so that a request allocates nothing.</summary>
internal sealed class EpollConnection(int index, ResponseParser parser)
{
    public ResponseParser Parser { get; } = parser;

    public ConnectionState State { get; set; }

    public int Fd { get; set; } = -1;

    /// <summary>Events the socket is watched for; 0 while it is not watched.</summary>
    public uint Watched { get; set; }

    /// <summary>Distinguishes the slot's sockets: an event of a closed one may still be in the batch.</summary>
    public uint Generation { get; set; }

    public ulong Key => ((ulong)Generation << 32) | (uint)index;

    // The connection ------------------------------------------------------------------------------------------------------------------

    public long Number { get; set; }

    public int SourcePort { get; set; }

    /// <summary>The port taken from the allocator; 0 when the kernel chose.</summary>
    public int BoundPort { get; set; }

    public int Requests { get; set; }

    // The exchange --------------------------------------------------------------------------------------------------------------------

    public long Sequence { get; set; }

    public TimeSpan IntendedStart { get; set; }

    public TimeSpan Start { get; set; }

    public int Target { get; set; }

    public int Sent { get; set; }

    /// <summary>Errno of a failed send; the peer may have answered before it, so reading goes on.</summary>
    public int SendErrno { get; set; }

    // Requests in flight, oldest first: all have the same timeout, so this is the order of deadlines.
    public EpollConnection? Older { get; set; }

    public EpollConnection? Newer { get; set; }
}
