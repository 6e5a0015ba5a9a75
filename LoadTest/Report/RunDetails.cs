using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.InteropServices;
using CiliumDebugging.LoadTest.Analysis;
using CiliumDebugging.LoadTest.Attack;

namespace CiliumDebugging.LoadTest.Report;

/// <summary>Where a run took place.</summary>
/// <param name="Lab">Version of this program.</param>
/// <param name="Runtime">.NET runtime, with its version.</param>
/// <param name="System">Operating system and architecture.</param>
/// <param name="Processors">Processors the runtime may use.</param>
public sealed record RunEnvironment(string Lab, string Runtime, string System, int Processors)
{
    /// <summary>This process's.</summary>
    public static RunEnvironment Current { get; } = new(
        typeof(RunEnvironment).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown",
        RuntimeInformation.FrameworkDescription, $"{RuntimeInformation.OSDescription} ({RuntimeInformation.ProcessArchitecture})", Environment.ProcessorCount);
}

/// <summary>Nodes that run the same versions.</summary>
/// <param name="Count">How many.</param>
/// <param name="Kubelet">Version of the kubelet; null when the node does not say.</param>
/// <param name="Kernel">Version of the kernel.</param>
/// <param name="System">Operating system.</param>
/// <param name="Runtime">Container runtime, with its version.</param>
public sealed record NodeVersions(int Count, string? Kubelet, string? Kernel, string? System, string? Runtime)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Count} node{(Count == 1 ? "" : "s")}: {string.Join(", ", new[] { Kubelet is null ? null : $"kubelet {Kubelet}", Kernel is null ? null : $"kernel {Kernel}", System, Runtime }.OfType<string>())}";
}

/// <summary>A quantile of the latency with its interval, ms.</summary>
/// <param name="Estimate">The observed quantile.</param>
/// <param name="Lower">Lower end of the interval.</param>
/// <param name="Upper">Upper end.</param>
public readonly record struct QuantileMs(double Estimate, double Lower, double Upper);

/// <summary>Latency from the intended start to the end, of every request that was sent.</summary>
/// <param name="Count">Requests.</param>
/// <param name="P50">Median.</param>
/// <param name="P90">90 %.</param>
/// <param name="P99">99 %.</param>
/// <param name="MaxMs">Longest, ms.</param>
public sealed record LatencySummary(long Count, QuantileMs P50, QuantileMs P90, QuantileMs P99, double MaxMs)
{
    /// <summary>Summarises a histogram; null when it is empty.</summary>
    /// <param name="latencies">The histogram.</param>
    /// <param name="errorProbability">Probability that any of the three intervals misses, (0, 1).</param>
    public static LatencySummary? Of(Latencies latencies, double errorProbability = 1e-4)
    {
        ArgumentNullException.ThrowIfNull(latencies);
        if (latencies.Count == 0) return null;
        QuantileMs At(double p) => QuantileOf(latencies, p, errorProbability / 3);
        return new LatencySummary(latencies.Count, At(0.5), At(0.9), At(0.99), latencies.Max.TotalMilliseconds);
    }

    /// <summary>
    /// The q-quantile lies above the k-th smallest latency as long as q is above the interval of k of n: the interval of the distribution function, inverted
    /// (<see cref="Proportion"/>, so it holds at every moment one looks).
    /// </summary>
    private static QuantileMs QuantileOf(Latencies latencies, double q, double errorProbability)
    {
        var n = latencies.Count;
        var lower = FirstRank(n, k => Proportion.Interval(k, n, errorProbability).Upper >= q);
        var upper = FirstRank(n, k => Proportion.Interval(k, n, errorProbability).Lower > q);
        return new QuantileMs(Ms(q), Ms((double)lower / n), upper > n ? latencies.Max.TotalMilliseconds : Ms((double)upper / n));
        double Ms(double share) => latencies.Quantile(share).TotalMilliseconds;
    }

    private static long FirstRank(long n, Func<long, bool> holds)
    {
        var (low, high) = (0L, n + 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (middle <= n && !holds(middle)) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}

/// <summary>What a report says beside the numbers, so that someone else can repeat the run.</summary>
/// <param name="StartedAt">When the load began.</param>
/// <param name="Environment">Where.</param>
/// <param name="CiliumVersion">Version of the agents; null when unknown.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Url">Target.</param>
/// <param name="Steps">The steps taken, one line each.</param>
/// <param name="Events">Everything that was done to the cluster under load.</param>
/// <param name="Series">The counters over time.</param>
/// <param name="SeriesInterval">Time between two samples of <paramref name="Series"/>, s.</param>
/// <param name="SeriesMissed">Samples that could not be taken.</param>
public sealed record RunDetails(
    DateTimeOffset StartedAt, RunEnvironment Environment, string? CiliumVersion, string Method, string Url, ImmutableArray<string> Steps, ImmutableArray<RecordedEvent> Events,
    ImmutableArray<Series.SeriesSample> Series, double SeriesInterval, int SeriesMissed)
{
    /// <summary>Connections that were kept open; 0: a fresh one for each request.</summary>
    public int KeptConnections { get; init; }

    /// <summary>Client ports that were asked for; null: random ones.</summary>
    public string? Ports { get; init; }

    /// <summary>Version of the API server; null when it was not asked.</summary>
    public string? Kubernetes { get; init; }

    /// <summary>Versions of the nodes; empty when they were not asked.</summary>
    public ImmutableArray<NodeVersions> Nodes { get; init; } = [];

    /// <summary>Nothing is known.</summary>
    public static RunDetails Unknown { get; } = new(DateTimeOffset.UnixEpoch, RunEnvironment.Current, null, "", "", [], [], [], 1, 0);
}
