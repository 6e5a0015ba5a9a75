using CiliumDebugging.LoadTest.Attack.Engines.Native;

namespace CiliumDebugging.LoadTest.Attack.Engines.IoUring;

/// <summary>Why a machine gives no ring, in words one can act on.</summary>
internal static class RingRefusal
{
    private const string Setting = "/proc/sys/kernel/io_uring_disabled";

    /// <summary>The reason behind an errno of <c>io_uring_setup</c> or <c>io_uring_register</c>.</summary>
    public static string Describe(int errno) =>
        Describe(errno, File.Exists(Setting) ? File.ReadAllText(Setting).Trim() : "0");

    /// <param name="errno">Linux error number.</param>
    /// <param name="disabled">Value of the setting kernel.io_uring_disabled (docs.kernel.org,
    /// admin-guide/sysctl/kernel).</param>
    public static string Describe(int errno, string disabled) =>
        errno switch
        {
            Errno.Enosys => "this kernel has no io_uring",
            Errno.Einval or Errno.Eopnotsupp => "this kernel's io_uring is too old; needs Linux 6.11 or later",
            Errno.Eperm or Errno.Eacces when disabled is "1" or "2" =>
                $"io_uring is forbidden here: sysctl kernel.io_uring_disabled={disabled}",
            Errno.Eperm or Errno.Eacces => "io_uring is forbidden here, as by a container's seccomp profile",
            Errno.Enomem => "no memory may be locked for io_uring: raise ulimit -l",
            _ => $"io_uring cannot be set up: {Errno.Name(errno)}",
        };
}
