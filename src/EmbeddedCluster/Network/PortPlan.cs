using System.Globalization;
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
    /// <summary>Finds the offset: the one asked for, 0, or a free one when a port is held on all addresses of this machine.</summary>
    /// <exception cref="ClusterStartException">A port is taken and the offset was asked for, or no offset is free.</exception>
    public static PortPlan Make(ClusterOptions options, AddressBlocks addresses)
    {
        var ports = Ports(options.Topology);
        var probe = TcpEndpoint.ToIPAddress(addresses.Probe);
        var asked = options.PortOffset ?? 0;
        if (asked is < 0 or > 50_000 || ports.Any(p => p + asked > 65_535))
            throw new ClusterStartException(
                $"port offset {asked} is out of range: use 0 to {Math.Min(50_000, 65_535 - ports.Max())}"
            );
        var conflicts = ports.Select(p => PortConflict.Find(probe, p + asked)).OfType<PortConflict>().ToList();
        if (conflicts.Count == 0)
            return new PortPlan(asked, null);

        var taken = string.Join(
            ", ",
            conflicts.Select(c => $"port {c.Port} is held on all addresses by {c.Process ?? "another process"}")
        );
        if (options.PortOffset is not null)
            throw new ClusterStartException(
                $"{taken}: stop it or choose another --port-offset than {asked.ToString(CultureInfo.InvariantCulture)}"
            );
        return PortConflict.FreeOffset(probe, ports) is { } offset
            ? new PortPlan(
                offset,
                $"{taken}; the lab listens {offset.ToString(CultureInfo.InvariantCulture)} higher instead (--port-offset chooses another)"
            )
            : throw new ClusterStartException(
                $"{taken}, and no other offset that was tried is free: stop it or choose a --port-offset"
            );
    }

    private static List<int> Ports(ClusterTopology topology) =>
        [
            .. topology
                .Workloads.Select(w => w.Port)
                .OfType<int>()
                .Concat(topology.Services.Select(s => s.Port))
                .Append(CiliumNames.HubbleMetricsPort)
                .Append(LoadTestPorts.Control)
                .Distinct(),
        ];
}
