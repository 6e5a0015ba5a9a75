using System.CommandLine;
using BenchmarkDotNet.Running;
using CiliumDebugging.Bench.Prometheus;
using CiliumDebugging.Bench.SkewTest;

namespace CiliumDebugging.Bench;

/// <summary>
/// Measurements too long for tests: <c>skew</c> simulates the verdict's error rates, <c>prometheus</c> holds a real Prometheus against the lab's own counts,
/// <c>benchmarks</c> is BenchmarkDotNet's.
/// </summary>
internal static class Bench
{
    public static async Task<int> Main(string[] args)
    {
        if (args is ["skew", .. var skew]) return SkewBenchmark.Run(skew);
        if (args is ["benchmarks", .. var rest])
        {
            BenchmarkSwitcher.FromAssembly(typeof(Bench).Assembly).Run(rest);
            return 0;
        }
        var root = new RootCommand("Measurements of the lab. Besides these: skew [RUNS [CONNECTIONS]], benchmarks [ARGUMENTS OF BENCHMARKDOTNET].") { PrometheusCheck.Build() };
        return await root.Parse(args).InvokeAsync();
    }
}
