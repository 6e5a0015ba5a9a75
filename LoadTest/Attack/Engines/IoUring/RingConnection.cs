using CiliumDebugging.LoadTest.Attack.Engines.Loops;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines.IoUring;

/// <summary>A connection slot of the io_uring engine; its number is also that of its direct descriptor.</summary>
internal sealed class RingConnection(int index, ResponseParser parser) : Exchange(parser)
{
    public int Index { get; } = index;

    /// <summary>Distinguishes the slot's chains of operations; 24 bits.</summary>
    public uint Generation { get; set; }

    /// <summary>Whether the slot has a descriptor to close.</summary>
    public bool IsOpen { get; set; }

    /// <summary>Ports tried for this connection.</summary>
    public int Draws { get; set; }

    /// <summary>Whether the handshake is under way and its end will be reported.</summary>
    public bool IsConnecting { get; set; }

    /// <summary>What to record when the kernel has let go of the operation in flight; null while it is not given
    /// up.</summary>
    public Outcome? GivenUp { get; set; }

    /// <summary>Whether a cancellation is on its way; until its completion the slot cannot be used again.</summary>
    public bool IsCancelling { get; set; }

    /// <summary>Whether the last operation's completion has come.</summary>
    public bool HasEnded { get; set; }

    /// <summary>The user data of an operation on this slot.</summary>
    public ulong Key(RingOperation operation) => ((ulong)Generation << 40) | ((ulong)operation << 32) | (uint)Index;
}
