using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.LoadBalancing;
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
    [InlineData(65_537)]
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

    [Fact]
    public void A_size_that_is_not_prime_is_refused() =>
        Should
            .Throw<ArgumentOutOfRangeException>(() =>
                new MaglevTable([new ServiceBackend(1, new TcpEndpoint(1, 80))], 16_384)
            )
            .Message.ShouldContain("prime");
}
