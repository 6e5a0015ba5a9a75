using System.Runtime.CompilerServices;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.LoadBalancing;
using CsCheck;

namespace CiliumDebugging.Datapath.Tests.LoadBalancing;

public class ConntrackMapTests
{
    /// <summary>Additions and sweeps in any order, over few ports so that slots collide, against a
    /// dictionary.</summary>
    [Fact]
    public void It_holds_what_a_dictionary_would()
    {
        var operation = Gen.Select(Gen.Int[0, 9], Gen.Int[1, 60], Gen.Int[1, 100]);
        operation
            .List[0, 300]
            .Sample(operations =>
            {
                var (map, naive) = (new ConntrackMap(), new Dictionary<int, long>());
                foreach (var (kind, port, time) in operations)
                {
                    if (kind == 0)
                    {
                        map.DeleteExpired(time);
                        foreach (var gone in naive.Where(e => e.Value < time).Select(e => e.Key).ToList())
                            naive.Remove(gone);
                    }
                    else
                    {
                        map.FindOrAdd(Syn(port)).Expires = time;
                        naive[port] = time;
                    }
                    if (map.Count != naive.Count)
                        return false;
                    for (var p = 1; p <= 60; p++)
                    {
                        ref var found = ref map.Find(Syn(p));
                        if (Unsafe.IsNullRef(ref found) == naive.TryGetValue(p, out var expires))
                            return false;
                        if (expires != 0 && found.Expires != expires)
                            return false;
                    }
                }
                return true;
            });
    }

    [Fact]
    public void Every_port_of_many_clients_towards_many_services_has_an_entry_of_its_own()
    {
        var map = new ConntrackMap();
        var n = 0;
        for (uint client = 0; client < 5; client++)
        for (uint service = 0; service < 5; service++)
        for (var port = 32_768; port < 61_000; port += 7)
            map.FindOrAdd(
                new FourTuple(
                    new TcpEndpoint(0x0AF4_0000 + client, (ushort)port),
                    new TcpEndpoint(0x0A60_0000 + service, 8080)
                )
            ).Backend = ++n;
        map.Count.ShouldBe(n);
    }

    private static FourTuple Syn(int port) =>
        new(new TcpEndpoint(0x0AF4_0302, (ushort)(40_000 + 2 * port)), new TcpEndpoint(0x0A60_0001, 8080));
}
