using CiliumDebugging.LoadTest.Attack.Engines.Native;

namespace CiliumDebugging.LoadTest.Attack.Engines.Loops;

/// <summary>Makes the calling thread one that runs when it wants to, for as long as it lives. Nothing of it needs a
/// privilege, and where the kernel lacks it nothing happens.</summary>
internal static unsafe class PunctualThread
{
    // struct sched_attr: size, policy, flags (8 bytes), nice, priority, then runtime (8 bytes).
    private const int AttributeBytes = 48,
        PolicyAt = 4,
        RuntimeAt = 24;
    private const int PolicyNormal = 0;

    // The shortest that the scheduler takes; the default is some 3 ms.
    private const ulong SliceNanoseconds = 100_000;

    public static void Prepare()
    {
        // Waits end when they should, not up to 50 µs later (the default slack of a thread).
        _ = Libc.PrCtl(Libc.PrSetTimerSlack, 1, 0, 0, 0);
        ShortenSlice();
    }

    // A thread that asks for short slices, and wakes, runs before one with longer ones that holds the processor (Linux
    // 6.12, PREEMPT_SHORT): else it waits for the end of that one's slice, be that the runtime's compiler or another
    // program.
    private static void ShortenSlice()
    {
        var attributes = stackalloc byte[AttributeBytes];
        new Span<byte>(attributes, AttributeBytes).Clear();
        if (Libc.SchedGet(attributes, AttributeBytes) != 0 || *(int*)(attributes + PolicyAt) != PolicyNormal)
            return;
        *(ulong*)(attributes + RuntimeAt) = SliceNanoseconds;
        _ = Libc.SchedSet(attributes);
    }
}
