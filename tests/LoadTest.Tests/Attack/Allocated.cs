using System.Diagnostics;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>What code allocates on the thread that runs it.</summary>
internal static class Allocated
{
    private static readonly TimeSpan s_compiled = TimeSpan.FromSeconds(10);

    /// <summary>Bytes, the least of at least five runs; runs that allocate are repeated until the runtime has compiled
    /// the code with optimization. Before that, code boxes what it does not box later.</summary>
    public static long LeastOfRuns(Action run)
    {
        var started = Stopwatch.StartNew();
        var least = long.MaxValue;
        for (var i = 0; i < 5 || (least > 0 && started.Elapsed < s_compiled); i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
