using System.Collections.Immutable;

namespace CiliumDebugging.Lab.Simulation;

/// <summary>A simulation, beside its scenario. The same options give the same result, to the last connection.</summary>
public sealed record SimulationOptions
{
    /// <summary>
    /// Worker nodes, 1 to 10,000; the first client is on the last one. Null: the scenario's nodes, with its zones and
    /// its places of Pods and client.
    /// </summary>
    public int? Nodes { get; init; }

    /// <summary>Backend Pods, 1 to 1,000,000, in turn on the nodes; null: the scenario's, or one on each node.</summary>
    public int? Pods { get; init; }

    /// <summary>
    /// Client Pods, 1 to 10,000, in turn on the nodes from the last one. They share the rate. Default 1.
    /// </summary>
    public int Clients { get; init; } = 1;

    /// <summary>Zones, 0 to 100; the worker nodes are in them in turn. Null: the scenario's, or none.</summary>
    public int? Zones { get; init; }

    /// <summary>
    /// The clients are outside the cluster: each connection arrives at a node's port, in turn from node to node, as
    /// from a load balancer. With externalTrafficPolicy Local it knows from the health check node port which nodes
    /// have ready Pods, and leaves out the others.
    /// </summary>
    public bool Outside { get; init; }

    /// <summary>
    /// Connections per second of virtual time, of all clients together; more than 0, at most 10,000,000. Null: the
    /// scenario's.
    /// </summary>
    public double? RatePerSecond { get; init; }

    /// <summary>Length of each phase in virtual time; null: the scenario's.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>
    /// Virtual time from the deletion of a Pod until its replacement is ready, at least 0. Default 1 s.
    /// </summary>
    public TimeSpan Gap { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Random seed of every choice. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Parts that each phase is reported in, 1 to 1,000. Default 10.</summary>
    public int SamplesPerPhase { get; init; } = 10;

    /// <summary>Settings of kube-system/cilium-config; they replace the scenario's.</summary>
    public ImmutableSortedDictionary<string, string> Settings { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>What is out of range, one line for each option.</summary>
    public IEnumerable<string> Problems()
    {
        if (Nodes is < 1 or > 10_000)
            yield return $"--nodes {Nodes}: must be from 1 to 10000";
        if (Pods is < 1 or > 1_000_000)
            yield return $"--pods {Pods}: must be from 1 to 1000000";
        if (Clients is < 1 or > 10_000)
            yield return $"--clients {Clients}: must be from 1 to 10000";
        if (Zones is < 0 or > 100)
            yield return $"--zones {Zones}: must be from 0 to 100";
        if (RatePerSecond is { } rate && rate is not (> 0 and <= 10_000_000))
            yield return FormattableString.Invariant(
                $"--rate {rate}: must be more than 0 and at most 10000000 connections per second"
            );
        if (SamplesPerPhase is < 1 or > 1_000)
            yield return $"--samples {SamplesPerPhase}: must be from 1 to 1000";
    }
}
