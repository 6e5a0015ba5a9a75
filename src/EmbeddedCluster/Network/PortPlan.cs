using CiliumDebugging.ClusterModel;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.EmbeddedCluster.Configuration;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.EmbeddedCluster.Network;

/// <summary>Where the cluster's ports are really listened on.</summary>
/// <param name="Offset">Added to every port.</param>
/// <param name="Notice">What the user should know about it; null for nothing.</param>
internal sealed record PortPlan(int Offset, string? Notice)
{
    /// <summary>
    /// Finds the offset: the given one, 0, or a free one when a port is held on all addresses of this machine.
    /// </summary>
    /// <exception cref="ClusterStartException">
    /// A port is taken and the offset is given, or no offset is free.
    /// </exception>
    public static PortPlan Make(ClusterOptions options, AddressBlocks addresses)
    {
        var ports = Ports(options.Topology);
        var probe = TcpEndpoint.ToIPAddress(addresses.Probe);
        var offset = options.PortOffset ?? 0;
        if (offset is < 0 or > 50_000 || ports.Any(p => p + offset > 65_535))
            throw new ClusterStartException(
                $"port offset {offset} is out of range: use 0 to {Math.Min(50_000, 65_535 - ports.Max())}"
            );
        var conflicts = ports.Select(p => PortConflict.Find(probe, p + offset)).OfType<PortConflict>();
        var held = conflicts.Select(c => $"port {c.Port} is held on all addresses by {c.Process ?? "another process"}");
        var taken = string.Join(", ", held);
        if (taken.Length == 0)
            return new PortPlan(offset, null);
        if (options.PortOffset is not null)
            throw new ClusterStartException($"{taken}: stop it or choose another --port-offset than {offset}");
        if (PortConflict.FreeOffset(probe, ports) is not { } free)
            throw new ClusterStartException(
                $"{taken}, and no other offset that was tried is free: stop it or choose a --port-offset"
            );
        return new PortPlan(free, $"{taken}; the lab listens {free} higher instead (--port-offset chooses another)");
    }

    private static List<int> Ports(ClusterTopology topology)
    {
        var pods = topology.Workloads.Select(w => w.Port).OfType<int>();
        int[] fixedPorts = [CiliumNames.HubbleMetricsPort, LoadTestPorts.Control];
        return [.. pods.Concat(topology.Services.Select(s => s.Port)).Concat(fixedPorts).Distinct()];
    }
}
