using System.Runtime.InteropServices;

namespace CiliumDebugging.LoadTest.Attack;

/// <summary>The system calls of the epoll engine; Linux only. Every one returns -1 with errno in the last P/Invoke error on failure.</summary>
internal static unsafe partial class Libc
{
    public const int SockStreamNonBlockCloExec = 1 | 0x800 | 0x80000, SolSocket = 1, SoReuseAddr = 2, MsgPeek = 2, MsgDontWait = 0x40, MsgNoSignal = 0x4000;
    public const int EpollCtlAdd = 1, EpollCtlMod = 3, EpollCloExec = 0x80000, EventFdFlags = 0x800 | 0x80000;
    public const uint EpollIn = 1, EpollOut = 4;
    public const int PrSetTimerSlack = 29;

    // The same number on every architecture, as for all calls added since Linux 5.1.
    private const int SysEpollPwait2 = 441;

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

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int PrCtl(int option, nuint value, nuint unused3, nuint unused4, nuint unused5);

    /// <summary>epoll_wait with a timeout in nanoseconds (Linux 5.11); fails with ENOSYS where there is none.</summary>
    public static int EpollWaitPrecise(int epoll, void* events, int count, long* secondsAndNanoseconds) =>
        (int)SysCall(SysEpollPwait2, epoll, (nint)events, count, (nint)secondsAndNanoseconds, 0, 0);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SysCall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);
}
