using BenchmarkDotNet.Running;

namespace CiliumDebugging.Bench;

/// <summary>The benchmarks: <c>skew</c> runs the simulations of the verdict's error rates, <c>datapath</c> the simulator's speed; everything else is BenchmarkDotNet's.</summary>
internal static class Bench
{
    public static int Main(string[] args)
    {
        if (args is ["skew", .. var rest]) return SkewTest.SkewBenchmark.Run(rest);
        if (args is ["datapath", .. var sizes]) return Datapath.DatapathBenchmark.Run(sizes);
        BenchmarkSwitcher.FromAssembly(typeof(Bench).Assembly).Run(args);
        return 0;
    }
}
