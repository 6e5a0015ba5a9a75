using BenchmarkDotNet.Running;

namespace CiliumDebugging.Bench;

/// <summary>The benchmarks: <c>skew</c> runs the simulations of the verdict's error rates; everything else is BenchmarkDotNet's.</summary>
internal static class Bench
{
    public static int Main(string[] args)
    {
        if (args is ["skew", .. var rest]) return SkewTest.SkewBenchmark.Run(rest);
        BenchmarkSwitcher.FromAssembly(typeof(Bench).Assembly).Run(args);
        return 0;
    }
}
