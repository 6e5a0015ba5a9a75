using System.Diagnostics;

namespace CiliumDebugging.Testing;

/// <summary>What code allocates on the thread that runs it.</summary>
internal static class Allocated
{
    private static readonly TimeSpan s_compiled = TimeSpan.FromSeconds(10);

    /// <summary>Bytes, the minimum of at least five runs; runs that allocate are repeated until the runtime has compiled
    /// the code with optimization. Before that, code boxes what it does not box later.</summary>
    public static long MinOfRuns(Action run)
    {
        var started = Stopwatch.StartNew();
        var min = long.MaxValue;
        for (var i = 0; i < 5 || (min > 0 && started.Elapsed < s_compiled); i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            run();
            min = Math.Min(min, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return min;
    }
}
