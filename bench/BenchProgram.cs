using System.CommandLine;
using BenchmarkDotNet.Running;
using CiliumDebugging.Bench.Attack;
using CiliumDebugging.Bench.Datapath;
using CiliumDebugging.Bench.Page;
using CiliumDebugging.Bench.Prometheus;
using CiliumDebugging.Bench.Runs;
using CiliumDebugging.Bench.Skew;

namespace CiliumDebugging.Bench;

/// <summary>
/// The benchmarks: <c>skew</c> runs the simulations of the verdict's error rates, <c>datapath</c> measures the
/// simulator's speed, <c>proxies</c> the live proxies' beside YARP, nginx and HAProxy, <c>results</c> the memory of 24
/// million attack results, <c>allocation</c> what a request of an attack allocates, <c>prometheus</c> holds a real
/// Prometheus against the lab's own counts, <c>observe</c> runs the command observe against both, <c>runs</c> makes
/// live runs with random changes, <c>page</c> what open pages cost, <c>cases</c> prints policies with the lab's
/// answers; everything else is BenchmarkDotNet's.
///</summary>
internal static class BenchProgram
{
    public static async Task<int> Main(string[] args)
    {
        if (args is ["prometheus" or "observe" or "runs", ..])
            return await new RootCommand { PrometheusCheck.Build(), ObserveCheck.Build(), ChangedRuns.Build() }
                .Parse(args)
                .InvokeAsync();
        if (args is ["skew", .. var rest])
            return CiliumDebugging.Bench.Skew.SkewBenchmark.Run(rest);
        if (args is ["cases", .. var numbersOfCases])
            return CiliumDebugging.Bench.Policies.GoldenCases.Run(numbersOfCases);
        if (args is ["datapath", .. var sizes])
            return CiliumDebugging.Bench.Datapath.DatapathBenchmark.Run(sizes);
        if (args is ["proxies", .. var rounds])
            return await CiliumDebugging.Bench.Datapath.ProxyBenchmark.RunAsync(rounds);
        if (args is ["page", .. var numbers])
            return await CiliumDebugging.Bench.Page.PageBenchmark.RunAsync(numbers);
        if (args is ["results", .. var records])
            return await CiliumDebugging.Bench.Attack.ResultsBenchmark.RunAsync(records);
        if (args is ["allocation", .. var role])
            return CiliumDebugging.Bench.Attack.AllocationBenchmark.Run(role);
        if (args is ["hops", .. var ports])
            return await CiliumDebugging.Bench.Datapath.BareHops.RunAsync(ports);
        BenchmarkSwitcher.FromAssembly(typeof(BenchProgram).Assembly).Run(args);
        return 0;
    }
}
