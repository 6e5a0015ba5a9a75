namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>What code allocates on the thread that runs it.</summary>
internal static class Allocated
{
    /// <summary>Bytes, the least of five runs: what the runtime allocates once, when it compiles a loop anew, is none
    /// of it.</summary>
    public static long MinOfFive(Action run) =>
        Enumerable
            .Range(0, 5)
            .Min(_ =>
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                run();
                return GC.GetAllocatedBytesForCurrentThread() - before;
            });
}
