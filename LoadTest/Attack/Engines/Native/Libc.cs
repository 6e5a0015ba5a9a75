using System.Runtime.InteropServices;

namespace CiliumDebugging.LoadTest.Attack.Engines.Native;

/// <summary>The system calls of the engines' event loops; Linux only. Every one returns -1 with errno in the last
/// P/Invoke error on failure.</summary>
internal static unsafe partial class Libc
{
    public const int SockStreamNonBlockCloExec = 1 | 0x800 | 0x80000,
        SockDatagramCloExec = 2 | 0x80000,
        SolSocket = 1,
        SoReuseAddr = 2,
        MsgPeek = 2,
        MsgDontWait = 0x40,
        MsgNoSignal = 0x4000;
    public const int EpollCtlAdd = 1,
        EpollCtlMod = 3,
        EpollCloExec = 0x80000,
        EventFdFlags = 0x800 | 0x80000;
    public const uint EpollIn = 1,
        EpollOut = 4;
    public const int PrSetTimerSlack = 29;

    // The same number on every architecture, as for all calls added since Linux 5.1.
    private const int SysEpollPwait2 = 441,
        SysIoUringSetup = 425,
        SysIoUringEnter = 426,
        SysIoUringRegister = 427;

    private const int RLimitNoFile = 7;

    // These calls are older. No call has the number -1: it fails with ENOSYS.
    private static readonly (int Set, int Get) s_schedCalls = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => (314, 315),
        Architecture.Arm64 => (274, 275),
        _ => (-1, -1),
    };

    /// <summary>Errno of the call that just failed.</summary>
    public static int LastErrno => Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int Socket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetSockOpt(int fd, int level, int name, void* value, int length);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int fd, void* address, int length);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    public static partial int Connect(int fd, void* address, int length);

    [LibraryImport("libc", EntryPoint = "getsockname", SetLastError = true)]
    public static partial int GetSockName(int fd, void* address, int* length);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static partial nint Send(int fd, void* bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static partial nint Receive(int fd, void* bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollCtl(int epoll, int operation, int fd, void* @event);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static partial int EpollWait(int epoll, void* events, int count, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventFd(uint value, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int fd, void* bytes, nint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int fd, void* bytes, nint length);

    [LibraryImport("libc", EntryPoint = "clock_gettime"), SuppressGCTransition]
    public static partial int ClockGetTime(int clock, long* secondsAndNanoseconds);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int PrCtl(int option, nuint value, nuint unused3, nuint unused4, nuint unused5);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial void* MemoryMap(void* address, nuint bytes, int protection, int flags, int fd, long offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    public static partial int MemoryUnmap(void* address, nuint bytes);

    public static int RingSetup(uint entries, void* parameters) =>
        (int)SysCall(SysIoUringSetup, (nint)entries, (nint)parameters, 0, 0, 0, 0);

    public static int RingEnter(int ring, uint submit, uint complete, uint flags, void* argument, nint length) =>
        (int)SysCall(SysIoUringEnter, ring, (nint)submit, (nint)complete, (nint)flags, (nint)argument, length);

    public static int RingRegister(int ring, uint operation, void* argument, uint count) =>
        (int)SysCall(SysIoUringRegister, ring, (nint)operation, (nint)argument, (nint)count, 0, 0);

    /// <summary>Files the process may have open.</summary>
    public static int OpenFilesMax()
    {
        var limits = stackalloc ulong[2];
        return GetRLimit(RLimitNoFile, limits) == 0 ? (int)Math.Min(limits[0], 1 << 20) : 1024;
    }

    /// <summary>Sockets that an attack may have open: what the process may open further, less what the runtime needs to
    /// go on (assemblies, consoles, pipes).</summary>
    public static int SocketsMax()
    {
        const int reserve = 32;
        var open = Directory.Exists("/proc/self/fd")
            ? Directory.EnumerateFileSystemEntries("/proc/self/fd").Count()
            : 2 * reserve;
        return Math.Max(1, OpenFilesMax() - open - reserve);
    }

    /// <summary>Makes an eventfd readable.</summary>
    public static void Signal(int eventFd)
    {
        ulong one = 1;
        _ = Write(eventFd, &one, sizeof(ulong));
    }

    /// <summary>Makes an eventfd unreadable again.</summary>
    public static void Drain(int eventFd)
    {
        ulong count;
        _ = Read(eventFd, &count, sizeof(ulong));
    }

    /// <summary>epoll_wait with a timeout in nanoseconds (Linux 5.11); fails with ENOSYS where there is none.</summary>
    public static int EpollWaitPrecise(int epoll, void* events, int count, long* secondsAndNanoseconds) =>
        (int)SysCall(SysEpollPwait2, epoll, (nint)events, count, (nint)secondsAndNanoseconds, 0, 0);

    /// <summary>sched_getattr of the calling thread; on x64 and arm64, else it fails with ENOSYS.</summary>
    public static int SchedGet(void* attributes, int bytes) =>
        (int)SysCall(s_schedCalls.Get, 0, (nint)attributes, bytes, 0, 0, 0);

    /// <summary>sched_setattr of the calling thread; on x64 and arm64, else it fails with ENOSYS.</summary>
    public static int SchedSet(void* attributes) => (int)SysCall(s_schedCalls.Set, 0, (nint)attributes, 0, 0, 0, 0);

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetRLimit(int resource, ulong* limits);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SysCall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);
}
