using System.ComponentModel;
using System.Runtime.InteropServices;
using CiliumDebugging.LoadTest.Attack.Engines.Native;

namespace CiliumDebugging.LoadTest.Attack.Engines.Epoll;

/// <summary>An epoll instance with its event buffer and a wake-up from other threads.</summary>
internal sealed unsafe class EpollSet : IDisposable
{
    private const int MaxEvents = 256;
    private const ulong WakeKey = ulong.MaxValue;

    // struct epoll_event is packed on x86-64 only.
    private static readonly bool s_packed = RuntimeInformation.ProcessArchitecture is Architecture.X64;
    private static readonly int s_eventBytes = s_packed ? 12 : 16;
    private static readonly int s_keyOffset = s_packed ? 4 : 8;

    private readonly byte* _events = (byte*)NativeMemory.Alloc((nuint)(MaxEvents * 16));
    private readonly int _epoll;
    private readonly int _wake;
    private bool _isPrecise = true;

    public EpollSet()
    {
        _epoll = Checked(Libc.EpollCreate(Libc.EpollCloExec));
        _wake = Checked(Libc.EventFd(0, Libc.EventFdFlags));
        Checked(Control(Libc.EpollCtlAdd, _wake, Libc.EpollIn, WakeKey));
    }

    /// <summary>Watches a descriptor; events carry its key.</summary>
    /// <returns>0, or an errno.</returns>
    public int Add(int fd, uint events, ulong key) =>
        Control(Libc.EpollCtlAdd, fd, events, key) == 0 ? 0 : Libc.LastErrno;

    /// <summary>Changes what a descriptor is watched for. Closing a descriptor ends the watch.</summary>
    public void Modify(int fd, uint events, ulong key) => Checked(Control(Libc.EpollCtlMod, fd, events, key));

    /// <summary>Waits for events; returns how many there are, 0 after the timeout or a signal.</summary>
    /// <param name="timeout">Zero or more; rounded up to a millisecond where the kernel has nothing finer (before
    /// 5.11).</param>
    public int Wait(TimeSpan timeout)
    {
        if (_isPrecise)
        {
            var time = stackalloc long[2];
            time[0] = timeout.Ticks / TimeSpan.TicksPerSecond;
            time[1] = timeout.Ticks % TimeSpan.TicksPerSecond * 100;
            var count = Libc.EpollWaitPrecise(_epoll, _events, MaxEvents, time);
            if (count >= 0 || Libc.LastErrno == Errno.Eintr)
                return Math.Max(count, 0);
            // ENOSYS, or EPERM under a seccomp filter that does not know the call.
            _isPrecise = false;
        }
        var ready = Libc.EpollWait(
            _epoll,
            _events,
            MaxEvents,
            (int)Math.Ceiling(Math.Min(timeout.TotalMilliseconds, 60_000))
        );
        return ready >= 0 || Libc.LastErrno == Errno.Eintr ? Math.Max(ready, 0) : Checked(ready);
    }

    /// <summary>Event number <paramref name="index"/> of the last wait; false for a mere wake-up.</summary>
    public bool TryGet(int index, out uint events, out ulong key)
    {
        var at = _events + (index * s_eventBytes);
        events = *(uint*)at;
        key = *(ulong*)(at + s_keyOffset);
        if (key != WakeKey)
            return true;
        Libc.Drain(_wake);
        return false;
    }

    /// <summary>Ends a wait; from any thread, before disposal.</summary>
    public void Wake() => Libc.Signal(_wake);

    public void Dispose()
    {
        _ = Libc.Close(_wake);
        _ = Libc.Close(_epoll);
        NativeMemory.Free(_events);
    }

    private int Control(int operation, int fd, uint events, ulong key)
    {
        var bytes = stackalloc byte[16];
        *(uint*)bytes = events;
        *(ulong*)(bytes + s_keyOffset) = key;
        return Libc.EpollCtl(_epoll, operation, fd, bytes);
    }

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception(Libc.LastErrno);
}
