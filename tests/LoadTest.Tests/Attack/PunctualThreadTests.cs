using System.Runtime.ExceptionServices;
using CiliumDebugging.LoadTest.Attack.Engines.Loops;
using CiliumDebugging.LoadTest.Attack.Engines.Native;

namespace CiliumDebugging.LoadTest.Tests.Attack;

public sealed unsafe class PunctualThreadTests
{
    // Slices of a thread's own came with Linux 6.12.
    private static readonly Version s_slices = new(6, 12);

    [Fact]
    public void A_loops_thread_asks_for_short_slices_and_changes_nothing_else()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux");
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                var (policy, nice, _) = Scheduling();
                PunctualThread.Prepare();
                var after = Scheduling();
                (after.Policy, after.Nice).ShouldBe((policy, nice));
                if (Environment.OSVersion.Version >= s_slices)
                    after.Slice.ShouldBe(100_000ul);
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
    }

    private static (int Policy, int Nice, ulong Slice) Scheduling()
    {
        var attributes = stackalloc byte[48];
        Libc.SchedGet(attributes, 48).ShouldBe(0);
        return (*(int*)(attributes + 4), *(int*)(attributes + 16), *(ulong*)(attributes + 24));
    }
}
