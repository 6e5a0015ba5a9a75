using System.Net.Sockets;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Engines.Native;

/// <summary>Error numbers as records carry them: Linux's, on every platform, so that results from different machines
/// can be merged.</summary>
public static class Errno
{
    public const int Eperm = 1,
        Eintr = 4,
        Eagain = 11,
        Enomem = 12,
        Eacces = 13,
        Ebusy = 16,
        Einval = 22,
        Enfile = 23,
        Emfile = 24,
        Epipe = 32,
        Enosys = 38,
        Etime = 62,
        Eopnotsupp = 95,
        Eaddrinuse = 98,
        Eaddrnotavail = 99,
        Enetdown = 100,
        Enetunreach = 101,
        Econnaborted = 103,
        Econnreset = 104,
        Enobufs = 105,
        Enotconn = 107,
        Etimedout = 110,
        Econnrefused = 111,
        Ehostdown = 112,
        Ehostunreach = 113,
        Ealready = 114,
        Einprogress = 115,
        Ecanceled = 125;

    /// <summary>Symbolic name of a Linux error number; <c>errno N</c> for one that sockets do not produce.</summary>
    public static string Name(int errno) =>
        errno switch
        {
            Eperm => "EPERM",
            Eintr => "EINTR",
            5 => "EIO",
            9 => "EBADF",
            Eagain => "EAGAIN",
            Enomem => "ENOMEM",
            Eacces => "EACCES",
            Einval => "EINVAL",
            Enfile => "ENFILE",
            Emfile => "EMFILE",
            Epipe => "EPIPE",
            Enosys => "ENOSYS",
            71 => "EPROTO",
            97 => "EAFNOSUPPORT",
            Eaddrinuse => "EADDRINUSE",
            Eaddrnotavail => "EADDRNOTAVAIL",
            Enetdown => "ENETDOWN",
            Enetunreach => "ENETUNREACH",
            Econnaborted => "ECONNABORTED",
            Econnreset => "ECONNRESET",
            Enobufs => "ENOBUFS",
            Enotconn => "ENOTCONN",
            Etimedout => "ETIMEDOUT",
            Econnrefused => "ECONNREFUSED",
            Ehostdown => "EHOSTDOWN",
            Ehostunreach => "EHOSTUNREACH",
            Ealready => "EALREADY",
            Einprogress => "EINPROGRESS",
            _ => $"errno {errno}",
        };

    /// <summary>The Linux number for a .NET socket error; the error's own native number when there is no
    /// counterpart.</summary>
    public static int FromSocketException(SocketException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception.SocketErrorCode switch
        {
            SocketError.AccessDenied => Eacces,
            SocketError.TooManyOpenSockets => Emfile,
            SocketError.AddressAlreadyInUse => Eaddrinuse,
            SocketError.AddressNotAvailable => Eaddrnotavail,
            SocketError.NetworkDown => Enetdown,
            SocketError.NetworkUnreachable => Enetunreach,
            SocketError.ConnectionAborted => Econnaborted,
            SocketError.ConnectionReset => Econnreset,
            SocketError.NoBufferSpaceAvailable => Enobufs,
            SocketError.NotConnected => Enotconn,
            SocketError.TimedOut => Etimedout,
            SocketError.ConnectionRefused => Econnrefused,
            SocketError.HostDown => Ehostdown,
            SocketError.HostUnreachable => Ehostunreach,
            // .NET has no name for EPIPE; it reports it as Shutdown.
            SocketError.Shutdown => Epipe,
            _ => exception.NativeErrorCode,
        };
    }

    /// <summary>The bucket of a connect that failed with <paramref name="errno"/>.</summary>
    public static Outcome ConnectOutcome(int errno) =>
        errno switch
        {
            Econnrefused => Outcome.ConnectRefused,
            Etimedout => Outcome.ConnectTimeout,
            _ => Outcome.ConnectError,
        };

    /// <summary>The bucket of an established connection that failed with <paramref name="errno"/>: a kernel timeout is
    /// silence, all else a reset.</summary>
    public static Outcome ConnectedOutcome(int errno) => errno is Etimedout ? Outcome.NoAnswer : Outcome.Reset;
}
