using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Testing;
using CsCheck;

namespace CiliumDebugging.LoadTest.Tests.Contract;

public sealed class ClientPortsTests
{
    private static readonly Gen<ClientPortRange> s_ranges = Gen.Select(
            Gen.Int[1, 65000],
            Gen.Int[1, 500],
            Gen.Enum<ClientPortOrder>().Where(order => order is not ClientPortOrder.Kernel)
        )
        .Select((first, length, order) => new ClientPortRange(first, Math.Min(first + length, 65535), order))
        .Where(range => range.Problem is null);

    [Fact]
    public void Every_port_of_the_range_is_taken_once_before_it_is_exhausted() =>
        Gen.Select(s_ranges, Gen.Int)
            .Sample(
                (range, seed) =>
                {
                    var ports = new ClientPorts(range, new Random(seed));
                    var taken = new HashSet<int>();
                    while (ports.TryTake(out var port))
                    {
                        taken.Add(port).ShouldBeTrue();
                        port.ShouldBeInRange(range.First, range.Last);
                        if (range.Order is not ClientPortOrder.Random)
                            ((port - range.First) % 2).ShouldBe(range.Order is ClientPortOrder.RandomOdd ? 1 : 0);
                    }
                    taken.Count.ShouldBe(range.Count);
                    ports.InUse.ShouldBe(range.Count);
                    ports.Release(taken.First());
                    ports.TryTake(out var again).ShouldBeTrue();
                    again.ShouldBe(taken.First());
                },
                iter: 500
            );

    [Fact]
    public void The_same_seed_draws_the_same_ports()
    {
        int[] Draw()
        {
            var ports = new ClientPorts(ClientPortRange.RandomOdd, new Random(7));
            return [.. Enumerable.Range(0, 1000).Select(_ => ports.TryTake(out var port) ? port : -1)];
        }
        Draw().ShouldBe(Draw());
    }

    [Fact]
    public void Linux_s_range_has_14116_ports_in_either_mode()
    {
        ClientPortRange.RandomOdd.Count.ShouldBe(14116);
        ClientPortRange.EvenInSequence.Count.ShouldBe(14116);
    }

    [Fact]
    public void Random_odd_draws_cover_ports_as_independent_draws_do()
    {
        // After m draws the share of distinct ports is 1 − e^(−m/14116): 9,441 of 15,600, not 15,575 as
        // a walk has.
        var ports = new ClientPorts(ClientPortRange.RandomOdd, new Random(1));
        var seen = new HashSet<int>();
        for (var i = 0; i < 15_600; i++)
        {
            ports.TryTake(out var port).ShouldBeTrue();
            seen.Add(port);
            ports.Release(port);
        }
        seen.Count.ShouldBeInRange(9441 - 150, 9441 + 150);
    }

    [Fact]
    public void Even_draws_walk_the_range_nearly_in_sequence()
    {
        var ports = new ClientPorts(ClientPortRange.EvenInSequence, new Random(1));
        var draws = Enumerable
            .Range(0, 14_116)
            .Select(_ =>
            {
                ports.TryTake(out var port).ShouldBeTrue();
                ports.Release(port);
                return port;
            })
            .ToArray();
        var steps = draws.Zip(draws.Skip(1), (a, b) => b - a).ToArray();
        steps.Count(step => step == 2).ShouldBeInRange((int)(14_115 * 0.92), (int)(14_115 * 0.955));
        steps.Count(step => step is 2 or 4).ShouldBeGreaterThan(14_110);
    }

    [Fact]
    public void A_release_of_a_port_not_taken_is_a_bug() =>
        Should.Throw<InvalidOperationException>(() =>
            new ClientPorts(ClientPortRange.RandomOdd, new Random(1)).Release(40001)
        );

    [Fact]
    public void Draws_allocate_nothing()
    {
        var ports = new ClientPorts(ClientPortRange.RandomOdd, new Random(1));
        Allocated
            .MinOfRuns(() =>
            {
                for (var i = 0; i < 20_000; i++)
                {
                    ports.TryTake(out var port);
                    ports.Release(port);
                }
            })
            .ShouldBe(0);
    }

    [Theory]
    [InlineData("odd", "odd:32768-60999")]
    [InlineData("even", "even:32768-60999")]
    [InlineData("kernel", "kernel")]
    [InlineData("1024-2047", "1024-2047")]
    [InlineData("odd:1024-2047", "odd:1024-2047")]
    public void Written_ranges_are_read(string text, string expected)
    {
        var (range, problem) = ClientPortRange.Parse(text);
        problem.ShouldBeNull();
        range.ToString().ShouldBe(expected);
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("0-10")]
    [InlineData("10-5")]
    [InlineData("1-70000")]
    [InlineData("odd:")]
    [InlineData("kernel:1-2")]
    [InlineData("5-")]
    public void A_bad_range_is_quoted(string text) => ClientPortRange.Parse(text).Problem!.ShouldContain($"'{text}'");
}
