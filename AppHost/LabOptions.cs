using System.Collections.Immutable;
using CiliumDebugging.ClusterSetup.Topology;

namespace CiliumDebugging.AppHost;

/// <summary>What the command line asks of the lab; the same on both hosts.</summary>
public sealed record LabOptions
{
    /// <summary>Name of the scenario that is run. Default <c>two-sided-l7</c>.</summary>
    public string Scenario { get; init; } = "two-sided-l7";

    /// <summary>Requests per second of the load test, greater than 0. Default 50.</summary>
    public double RatePerSecond { get; init; } = 50;

    /// <summary>How long the scenario is observed before it changes anything; null: as long as the scenario says.</summary>
    public TimeSpan? Baseline { get; init; }

    /// <summary>How long the scenario is observed after its change; null: as long as the scenario says.</summary>
    public TimeSpan? Observe { get; init; }

    /// <summary>Whether the process ends after the report, also on a terminal.</summary>
    public bool Once { get; init; }

    /// <summary>Added to every Pod and Service port where it is listened on, 0 to 50000. Default 0.</summary>
    public int PortOffset { get; init; }

    /// <summary>Settings of kube-system/cilium-config under Cilium's own keys; they replace the scenario's.</summary>
    public ImmutableSortedDictionary<string, string> CiliumSettings { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Number of worker nodes, 1 to 250; a backend pod runs on each. Default 3.</summary>
    public int Workers { get; init; } = 3;

    /// <summary>The worker (1-based) the load test runs on; null: the last one.</summary>
    public int? ClientWorker { get; init; }

    /// <summary>The nodes, workloads and Services this makes.</summary>
    public LabTopology Topology => LabTopology.Create("cluster", Workers, ClientWorker ?? Workers);

    /// <summary><see cref="CiliumSettings"/> as the <c>cluster</c> process reads them: one <c>key=value</c> per line.</summary>
    public string CiliumConfig => string.Join('\n', CiliumSettings.Select(s => $"{s.Key}={s.Value}"));
}
