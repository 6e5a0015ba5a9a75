using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using CiliumDebugging.LoadTest.Attack.Engines.IoUring;
using CiliumDebugging.LoadTest.Attack.Engines.Native;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>The load generator where a seccomp filter denies io_uring, as container runtimes do.</summary>
public sealed class DeniedIoUringTests
{
    private const int SetNoNewPrivileges = 38,
        SetSeccomp = 22,
        FilterMode = 2;
    private const uint RingFirst = 425,
        RingLast = 427;

    [Fact]
    public async Task One_line_says_why_and_epoll_does_the_work()
    {
        Assert.SkipUnless(IoUringEngine.IsSupported && Environment.Is64BitProcess, "io_uring cannot run here anyway");
        await using var server = new TestServer(TestServer.Answering(TestServer.Ok()));
        using var process = StartDenied("attack", $"http://{server.EndPoint}/", "--rate", "1000/s", "--duration", "1s");
        var (output, errors) = await LoadTestProcess.ReadToEndAsync(process);

        errors.ShouldBe(
            $"note: engine epoll instead of io_uring: io_uring is forbidden here, "
                + $"as by a container's seccomp profile{Environment.NewLine}"
        );
        output.ShouldContain("engine epoll");
        output.ShouldMatch(@"(?m)^sent ([1-9]\d*) = \1 × 200$");
        process.ExitCode.ShouldBe(0);
    }

    // A filter is its thread's and that of the processes which the thread starts.
    private static Process StartDenied(params string[] arguments)
    {
        Process? process = null;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Deny();
                process = Process.Start(
                    new ProcessStartInfo("dotnet", ["exec", LoadTestProcess.Program, .. arguments])
                    {
                        RedirectStandardOutput = true,
                        RedirectStandardError = true,
                    }
                );
            }
            catch (Win32Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return process ?? throw new InvalidOperationException("not started", failure);
    }

    private static unsafe void Deny()
    {
        // seccomp(2): the call's number is the first word of the data; struct sock_filter is code, jumps if true and if
        // false, operand.
        var filter = stackalloc ulong[]
        {
            Instruction(0x20, 0, 0, 0),
            Instruction(0x35, 0, 2, RingFirst),
            Instruction(0x25, 1, 0, RingLast),
            Instruction(0x06, 0, 0, 0x50000 | Errno.Eperm),
            Instruction(0x06, 0, 0, 0x7FFF0000),
        };
        var program = stackalloc nuint[] { 5, (nuint)filter };
        if (
            Libc.PrCtl(SetNoNewPrivileges, 1, 0, 0, 0) != 0
            || Libc.PrCtl(SetSeccomp, FilterMode, (nuint)program, 0, 0) != 0
        )
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    private static ulong Instruction(ushort code, byte ifTrue, byte ifFalse, uint operand) =>
        code | ((ulong)ifTrue << 16) | ((ulong)ifFalse << 24) | ((ulong)operand << 32);
}
