using System.Runtime.InteropServices;

namespace CiliumDebugging.LoadTest.Attack.Engines.IoUring;

/// <summary>Operations of io_uring, by their numbers in <c>linux/io_uring.h</c>.</summary>
internal enum RingOperation : byte
{
    PollAdd = 6,
    ReceiveMessage = 10,
    AsyncCancel = 14,
    Connect = 16,
    Close = 19,
    Send = 26,
    Receive = 27,

    /// <summary>Linux 5.19.</summary>
    Socket = 45,

    /// <summary>A command of the file; for sockets, setsockopt among others (Linux 6.7).</summary>
    Command = 46,

    /// <summary>Linux 6.11: the newest operation that the engine needs.</summary>
    Bind = 56,
}

/// <summary>A submission queue entry: <c>struct io_uring_sqe</c>, with the members that are used.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct Sqe
{
    /// <summary>Sizes and flags of <c>linux/io_uring.h</c>.</summary>
    public const byte FixedFile = 1,
        Link = 4,
        SkipSuccess = 64;

    [FieldOffset(0)]
    public RingOperation Operation;

    [FieldOffset(1)]
    public byte Flags;

    [FieldOffset(2)]
    public ushort Priority;

    [FieldOffset(4)]
    public int Fd;

    [FieldOffset(8)]
    public ulong Offset;

    [FieldOffset(16)]
    public ulong Address;

    [FieldOffset(24)]
    public uint Length;

    [FieldOffset(28)]
    public uint OperationFlags;

    [FieldOffset(32)]
    public ulong UserData;

    [FieldOffset(44)]
    public uint FileIndex;

    [FieldOffset(48)]
    public ulong Address3;
}
