using System.Collections.Frozen;
using System.Collections.Immutable;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Forwarding;
using CiliumDebugging.Datapath.LoadBalancing;
using CiliumDebugging.Datapath.Policies;
using CsCheck;

namespace CiliumDebugging.Datapath.Tests.LoadBalancing;

/// <summary>The tables of the hot path find what a dictionary finds, near or far apart.</summary>
public class LookupTableTests
{
    private static readonly EndpointIdentity s_identity = new IdentityTable().Pod("default", []);

    [Fact]
    public void A_pod_is_found_at_its_address_and_nowhere_else() =>
        Gen.Select(Gen.OneOf(Gen.UInt[0x7F00_0000, 0x7F00_0900], Gen.UInt).List[0, 40], Gen.UInt.List[0, 40])
            .Sample(
                (addresses, others) =>
                {
                    var pods = addresses
                        .Distinct()
                        .ToFrozenDictionary(
                            a => a,
                            a => new PodEntry("default", $"pod-{a}", "node", a, $"{a}", s_identity)
                        );
                    var table = new PodTable(pods);
                    return addresses
                        .Concat(others)
                        .SelectMany(a => (uint[])[a, a + 1, a - 1])
                        .All(a =>
                            table.TryFind(a, out var slot) == pods.TryGetValue(a, out var pod)
                            && ReferenceEquals(slot.Pod, pod)
                            && (pod is null || (slot.Identity, slot.Node) == (pod.Identity, pod.NodeNumber))
                        );
                }
            );

    [Fact]
    public void A_backend_is_found_by_its_id_and_by_no_other() =>
        Gen.Select(
                Gen.OneOf(Gen.Int[1, 60], Gen.Int[1, int.MaxValue - 1]).List[0, 40],
                Gen.Int[0, int.MaxValue - 1].List[0, 20]
            )
            .Sample(
                (ids, others) =>
                {
                    var backends = ids.Distinct().ToDictionary(id => id, id => new TcpEndpoint((uint)id, 8080));
                    var index = new BackendIndex([.. backends.Select(b => new ServiceBackend(b.Key, b.Value))]);
                    return ids.Concat(others)
                        .SelectMany(id => (int[])[id, id + 1, id - 1])
                        .All(id =>
                            index.TryGetValue(id, out var found) == backends.TryGetValue(id, out var backend)
                            && found == backend
                        );
                }
            );

    [Fact]
    public void A_snapshot_with_other_pods_has_another_table()
    {
        var pod = new PodEntry("default", "pod", "node", 5, "1", s_identity);
        var empty = ClusterSnapshot.Empty(new IdentityTable());
        empty.Table.TryFind(5, out _).ShouldBeFalse();
        (empty with { Pods = new[] { pod }.ToFrozenDictionary(p => p.Address) }).Table.TryFind(5, out _).ShouldBeTrue();
        (empty with { Services = new ServiceTable(ImmutableArray<ServiceFrontend>.Empty) })
            .Table.TryFind(5, out _)
            .ShouldBeFalse();
    }
}
