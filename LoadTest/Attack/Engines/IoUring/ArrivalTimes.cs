using System.Runtime.InteropServices;
using CiliumDebugging.LoadTest.Attack.Engines.Native;
using CiliumDebugging.LoadTest.Attack.Plan;

namespace CiliumDebugging.LoadTest.Attack.Engines.IoUring;

/// <summary>When answers came, as the kernel knows it: it stamps each packet on arrival and hands the stamp of the last
/// one out with the bytes (SO_TIMESTAMPNS; socket(7), <c>tcp_recv_timestamp</c>). So an answer may be looked at later
/// than it came, and its time is right all the same.</summary>
internal sealed unsafe class ArrivalTimes : IDisposable
{
    /// <summary>The option of a socket whose bytes have stamps.</summary>
    public const int SocketOption = 35;

    // struct msghdr (56 bytes on 64 bits), its struct iovec, then room for one control message: 16 bytes of header, a
    // struct timespec.
    private const int VectorAt = 56,
        ControlAt = 72,
        ControlBytes = 32,
        SlotBytes = 128;
    private const int SocketLevel = Libc.SolSocket;

    // Both clocks are read within this, or a thread that was interrupted between the two would take its absence for a
    // difference of the clocks.
    private static readonly TimeSpan s_longestReading = TimeSpan.FromMicroseconds(20);

    private readonly byte* _messages;
    private readonly int _socket;
    private TimeSpan _now = TimeSpan.MinValue;
    private long _realNow;

    /// <param name="slots">Receives that may be under way.</param>
    /// <param name="clock">The clock of the times.</param>
    public ArrivalTimes(int slots, AttackClock clock)
    {
        for (var tries = 0; tries < 100 && _now == TimeSpan.MinValue; tries++)
            Relate(clock);
        _messages = (byte*)NativeMemory.Alloc((nuint)slots * SlotBytes);
        // The kernel stamps packets while a socket wants it. To turn that on and off with each connection would be
        // expensive (net_enable_timestamp patches code).
        _socket = Libc.Socket(2, Libc.SockDatagramCloExec, 0);
        var on = 1;
        _ = Libc.SetSockOpt(_socket, Libc.SolSocket, SocketOption, &on, sizeof(int));
    }

    /// <summary>True where this is known to work: the layouts are those of 64 bits.</summary>
    public static bool IsSupported => Environment.Is64BitProcess;

    /// <summary>Readies a slot to receive into the buffer.</summary>
    /// <returns>The address of its <c>struct msghdr</c>.</returns>
    public ulong Prepare(int slot, byte* buffer, int length)
    {
        var message = _messages + ((nint)slot * SlotBytes);
        new Span<byte>(message, VectorAt).Clear();
        *(byte**)(message + 16) = message + VectorAt;
        *(nint*)(message + 24) = 1;
        *(byte**)(message + 32) = message + ControlAt;
        *(nint*)(message + 40) = ControlBytes;
        *(byte**)(message + VectorAt) = buffer;
        *(nint*)(message + VectorAt + 8) = length;
        return (ulong)message;
    }

    /// <summary>Relates the clock of the stamps, that of the wall, to the attack's; again before times are read,
    /// because the former may be set.</summary>
    public void Relate(AttackClock clock)
    {
        const int clockRealtime = 0;
        var time = stackalloc long[2];
        var before = clock.Elapsed;
        _ = Libc.ClockGetTime(clockRealtime, time);
        var after = clock.Elapsed;
        if (after - before <= s_longestReading)
            (_realNow, _now) = (Nanoseconds(time), after);
    }

    /// <summary>When the bytes came that a slot has received.</summary>
    /// <returns>False when the kernel does not say: at the end of a stream, or because the packet has no
    /// stamp.</returns>
    public bool TryRead(int slot, out TimeSpan time)
    {
        var message = _messages + ((nint)slot * SlotBytes);
        var control = message + ControlAt;
        time = _now;
        if (
            _now == TimeSpan.MinValue
            || *(nint*)(message + 40) < ControlBytes
            || *(int*)(control + 8) != SocketLevel
            || *(int*)(control + 12) != SocketOption
        )
            return false;
        time = _now - new TimeSpan((_realNow - Nanoseconds((long*)(control + 16))) / 100);
        return true;
    }

    public void Dispose()
    {
        _ = Libc.Close(_socket);
        NativeMemory.Free(_messages);
    }

    private static long Nanoseconds(long* time) => (time[0] * 1_000_000_000) + time[1];
}
