using System.ComponentModel;
using System.Runtime.InteropServices;
using CiliumDebugging.LoadTest.Attack.Engines.Native;

namespace CiliumDebugging.LoadTest.Attack.Engines.IoUring;

/// <summary>One io_uring with a table of direct descriptors. It belongs to the thread that made it: completions are
/// worked out only while that thread waits (DEFER_TASKRUN), so the network's interrupts never interrupt it.</summary>
internal sealed unsafe class Ring : IDisposable
{
    private const int SetupSubmitAll = 1 << 7,
        SetupCqSize = 1 << 3,
        SetupSingleIssuer = 1 << 12,
        SetupDeferTaskRun = 1 << 13,
        SetupNoSqArray = 1 << 16;
    private const int EnterGetEvents = 1,
        EnterExtArg = 8;
    private const int RegisterFiles2 = 13,
        RegisterProbe = 8;
    private const uint FilesSparse = 1;
    private const long OffsetSqes = 0x10000000;
    private const int CqeBytes = 16;

    private readonly int _fd;
    private readonly byte* _rings;
    private readonly nuint _ringsBytes;
    private readonly nuint _sqesBytes;
    private readonly Sqe* _sqes;
    private readonly uint* _sqHead;
    private readonly uint* _sqTail;
    private readonly uint* _cqHead;
    private readonly uint* _cqTail;
    private readonly byte* _cqes;
    private readonly uint _sqEntries;
    private readonly uint _sqMask;
    private readonly uint _cqMask;
    private uint _tail;

    /// <param name="entries">Submissions per batch; rounded up to a power of two.</param>
    /// <param name="files">Direct descriptors, up to the limit of open files.</param>
    /// <exception cref="Win32Exception">The kernel has no such ring, or forbids it.</exception>
    public Ring(uint entries, uint files)
    {
        // struct io_uring_params: sq_entries, cq_entries, flags, …, then the offsets of both rings.
        var parameters = stackalloc uint[30];
        new Span<uint>(parameters, 30).Clear();
        parameters[1] = entries * 8;
        parameters[2] = SetupSubmitAll | SetupCqSize | SetupSingleIssuer | SetupDeferTaskRun | SetupNoSqArray;
        _fd = Checked(Libc.RingSetup(entries, parameters));
        try
        {
            (_sqEntries, var cqEntries) = (parameters[0], parameters[1]);
            var sq = parameters + 10;
            var cq = parameters + 20;
            _ringsBytes = Math.Max(cq[5] + (cqEntries * CqeBytes), sq[4] + sizeof(uint));
            _rings = Map(_ringsBytes, 0);
            _sqesBytes = _sqEntries * (nuint)sizeof(Sqe);
            _sqes = (Sqe*)Map(_sqesBytes, OffsetSqes);
            _sqHead = (uint*)(_rings + sq[0]);
            _sqTail = (uint*)(_rings + sq[1]);
            _sqMask = *(uint*)(_rings + sq[2]);
            _cqHead = (uint*)(_rings + cq[0]);
            _cqTail = (uint*)(_rings + cq[1]);
            _cqMask = *(uint*)(_rings + cq[2]);
            _cqes = _rings + cq[5];
            // struct io_uring_rsrc_register: nr, flags, resv2, data, tags.
            var register = stackalloc uint[8] { files, FilesSparse, 0, 0, 0, 0, 0, 0 };
            Checked(Libc.RingRegister(_fd, RegisterFiles2, register, 8 * sizeof(uint)));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Why there can be no ring with the operations that the engine needs; null where there can (containers
    /// often forbid it).</summary>
    public static string? Refusal { get; } = OperatingSystem.IsLinux() ? Probe() : "needs Linux";

    /// <summary>Completions for which there is room; a wait for as many ends with its timeout.</summary>
    public uint Completions => _cqMask + 1;

    /// <summary>Completions that can be taken now.</summary>
    public uint Ready => Volatile.Read(ref *_cqTail) - *_cqHead;

    /// <summary>Submissions that still fit into this batch.</summary>
    public uint Room => _sqEntries - Pending;

    private uint Pending => _tail - Volatile.Read(ref *_sqHead);

    /// <summary>The next submission of the batch, cleared; there must be room.</summary>
    public ref Sqe Add(RingOperation operation, ulong userData)
    {
        ref var sqe = ref _sqes[_tail++ & _sqMask];
        sqe = default;
        sqe.Operation = operation;
        sqe.UserData = userData;
        return ref sqe;
    }

    /// <summary>Submits the batch without waiting.</summary>
    public void Submit()
    {
        Volatile.Write(ref *_sqTail, _tail);
        Entered(Libc.RingEnter(_fd, Pending, 0, 0, null, 0));
    }

    /// <summary>Submits the batch and waits for completions, at most for the timeout.</summary>
    /// <param name="timeout">Zero or more.</param>
    /// <param name="completions">How many end the wait, up to <see cref="Completions"/>; without a timeout, how many
    /// the kernel tries to work out now.</param>
    public void SubmitAndWait(TimeSpan timeout, uint completions = 1)
    {
        Volatile.Write(ref *_sqTail, _tail);
        var time = stackalloc long[2]
        {
            timeout.Ticks / TimeSpan.TicksPerSecond,
            timeout.Ticks % TimeSpan.TicksPerSecond * 100,
        };
        // struct io_uring_getevents_arg: sigmask, its size and padding, timespec.
        var argument = stackalloc ulong[3] { 0, 0, (ulong)time };
        Entered(Libc.RingEnter(_fd, Pending, completions, EnterGetEvents | EnterExtArg, argument, 3 * sizeof(ulong)));
    }

    /// <summary>Takes the next completion.</summary>
    /// <param name="userData">That of its submission.</param>
    /// <param name="result">The result, or a negative errno.</param>
    public bool TryTake(out ulong userData, out int result)
    {
        var head = *_cqHead;
        if (head == Volatile.Read(ref *_cqTail))
        {
            (userData, result) = (0, 0);
            return false;
        }
        var cqe = _cqes + ((head & _cqMask) * CqeBytes);
        (userData, result) = (*(ulong*)cqe, *(int*)(cqe + 8));
        Volatile.Write(ref *_cqHead, head + 1);
        return true;
    }

    public void Dispose()
    {
        if (_sqes is not null)
            _ = Libc.MemoryUnmap(_sqes, _sqesBytes);
        if (_rings is not null)
            _ = Libc.MemoryUnmap(_rings, _ringsBytes);
        _ = Libc.Close(_fd);
    }

    private static void Entered(int result)
    {
        // ETIME: nothing happened in time. EBUSY, EAGAIN: completions must be taken first; what was not submitted stays
        // in the queue.
        if (result < 0 && Libc.LastErrno is not (Errno.Etime or Errno.Eintr or Errno.Ebusy or Errno.Eagain))
            throw new Win32Exception(Libc.LastErrno);
    }

    private static string? Probe()
    {
        try
        {
            using var ring = new Ring(4, 1);
            // struct io_uring_probe: last_op, ops_len, …, then 8 bytes for each operation.
            var probe = stackalloc byte[16 + (256 * 8)];
            new Span<byte>(probe, 16 + (256 * 8)).Clear();
            Checked(Libc.RingRegister(ring._fd, RegisterProbe, probe, 256));
            return probe[0] >= (byte)RingOperation.Bind ? null : RingRefusal.Describe(Errno.Einval);
        }
        catch (Win32Exception e)
        {
            return RingRefusal.Describe(e.NativeErrorCode);
        }
    }

    private byte* Map(nuint bytes, long offset)
    {
        const int readWrite = 3,
            sharedPopulate = 1 | 0x8000;
        var address = Libc.MemoryMap(null, bytes, readWrite, sharedPopulate, _fd, offset);
        return address != (void*)-1 ? (byte*)address : throw new Win32Exception(Libc.LastErrno);
    }

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception(Libc.LastErrno);
}
