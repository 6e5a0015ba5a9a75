using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.LoadBalancing;
using CiliumDebugging.Datapath.Tests.Golden;
using CsCheck;

namespace CiliumDebugging.Datapath.Tests.LoadBalancing;

public class MaglevTableTests
{
    private const int Size = 16_381;
    private static readonly Gen<List<ServiceBackend>> s_backends = Gen
        .UInt.HashSet[2, 40]
        .Select(a => a.Select((address, i) => new ServiceBackend(i + 1, new TcpEndpoint(address, 8080))).ToList());

    /// <summary>The backends take turns, so the numbers of slots differ by at most one.</summary>
    [Fact]
    public void Every_backend_has_its_share_of_the_slots() =>
        s_backends.Sample(
            backends =>
            {
                var counts = new MaglevTable(backends, Size).SlotsByBackend(backends.Count);
                return counts.Sum() == Size && counts.Max() - counts.Min() <= 1;
            },
            iter: 50
        );

    [Fact]
    public void The_order_of_the_backends_and_the_node_have_no_effect() =>
        s_backends.Sample(
            backends =>
            {
                var table = new MaglevTable(backends, 1_021);
                var turned = Enumerable.Reverse(backends).ToList();
                var other = new MaglevTable(turned, 1_021);
                return Enumerable.Range(0, 1_021).All(i => backends[table[i]] == turned[other[i]]);
            },
            iter: 50
        );

    /// <summary>The slots of a backend that goes must move; of the others few do (NSDI 2016, section 5.3: some percent
    /// at this ratio of slots to backends).</summary>
    [Fact]
    public void Few_slots_of_the_others_move_when_a_backend_goes() =>
        s_backends.Sample(
            backends =>
            {
                var before = new MaglevTable(backends, Size);
                var left = backends.Skip(1).ToList();
                var after = new MaglevTable(left, Size);
                var moved = Enumerable
                    .Range(0, Size)
                    .Count(i => before[i] != 0 && backends[before[i]] != left[after[i]]);
                return moved < 0.1 * Size;
            },
            iter: 50
        );

    [Theory]
    [InlineData(16_381)]
    [InlineData(65_521)]
    public void Connections_are_spread_evenly(int size)
    {
        var backends = Enumerable
            .Range(1, 5)
            .Select(i => new ServiceBackend(i, new TcpEndpoint((uint)i, 8080)))
            .ToList();
        var table = new MaglevTable(backends, size);
        const int connections = 28_000;
        var counts = Enumerable
            .Range(32_768, connections)
            .CountBy(p => table.Choose(new FourTuple(new TcpEndpoint(7, (ushort)p), new TcpEndpoint(99, 80))))
            .ToDictionary();
        for (var i = 0; i < 5; i++)
            ((double)counts[i]).ShouldBe(connections / 5.0, 5 * Math.Sqrt(connections * 0.2 * 0.8));
    }

    [Theory]
    [InlineData(16_384)]
    [InlineData(65_537)]
    [InlineData(257)]
    public void Sizes_that_cilium_does_not_know_are_refused(int size) =>
        Should
            .Throw<ArgumentOutOfRangeException>(() =>
                new MaglevTable([new ServiceBackend(1, new TcpEndpoint(1, 80))], size)
            )
            .Message.ShouldContain("one of 251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521, 131071");

    /// <summary>Real Cilium 1.19.4's tables; see Golden/README.md.</summary>
    [Theory]
    [MemberData(nameof(CiliumsTables))]
    public void A_table_is_slot_for_slot_the_one_that_cilium_builds(string expected)
    {
        using var json = JsonDocument.Parse(expected);
        var golden = json.RootElement;
        var size = golden.GetProperty("m").GetInt32();
        var weights = golden.GetProperty("weights").EnumerateArray().Select(w => w.GetUInt16()).ToList();
        var backends = golden
            .GetProperty("backends")
            .EnumerateArray()
            .Select(
                (b, i) =>
                    new ServiceBackend(
                        i + 1,
                        TcpEndpoint.From(
                            IPEndPoint.Parse(b.GetString()!.Replace("/TCP", "", StringComparison.Ordinal))
                        ),
                        Weight: weights[i]
                    )
            )
            .ToList();
        var table = new MaglevTable(backends, size);
        var slots = Enumerable.Range(0, size).Select(i => (byte)table[i]).ToArray();
        slots
            .Take(40)
            .Select(s => (int)s)
            .ShouldBe(golden.GetProperty("firstSlots").EnumerateArray().Select(s => s.GetInt32()));
        Convert.ToHexStringLower(SHA256.HashData(slots)).ShouldBe(golden.GetProperty("sha256OfIndexBytes").GetString());
        table
            .SlotsByBackend(backends.Count)
            .ShouldBe(golden.GetProperty("slotsPerBackend").EnumerateArray().Select(s => s.GetInt32()));
    }

    public static TheoryData<string> CiliumsTables()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(GoldenData.PathOf("maglev.json")));
        return [.. json.RootElement.EnumerateArray().Select(t => t.GetRawText())];
    }

    /// <summary>Worked out with Linux's jhash_3words (seed 0x71dcda46), in C.</summary>
    [Theory]
    [InlineData("10.244.3.17", 40001, 80, false, 112)]
    [InlineData("10.244.3.17", 40003, 80, false, 162)]
    [InlineData("10.244.3.17", 40001, 8080, false, 39)]
    [InlineData("127.0.0.1", 1, 65535, false, 138)]
    [InlineData("10.244.3.17", 40001, 80, true, 191)]
    [InlineData("10.244.3.17", 40003, 80, true, 191)]
    public void A_connection_takes_the_slot_that_ciliums_hash_gives(
        string client,
        ushort clientPort,
        ushort servicePort,
        bool affinity,
        int slot
    )
    {
        var backends = Enumerable
            .Range(1, 251)
            .Select(i => new ServiceBackend(i, new TcpEndpoint((uint)i, 8080)))
            .ToList();
        var table = new MaglevTable(backends, 251);
        foreach (var service in (uint[])[99, 100])
            table
                .Choose(
                    new FourTuple(
                        new TcpEndpoint(TcpEndpoint.AddressOf(IPAddress.Parse(client)), clientPort),
                        new TcpEndpoint(service, servicePort)
                    ),
                    affinity
                )
                .ShouldBe(table[slot]);
    }
}
