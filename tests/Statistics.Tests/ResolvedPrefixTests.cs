using CsCheck;

namespace CiliumDebugging.Statistics.Tests;

public class ResolvedPrefixTests
{
    [Fact]
    public void Any_order_of_completion_is_released_in_the_order_of_starts() =>
        Gen.Int[1, 300]
            .SelectMany(n => Gen.Shuffle(Enumerable.Range(0, n).ToArray()))
            .Sample(
                completions =>
                {
                    var prefix = new ResolvedPrefix<int>();
                    foreach (var _ in completions)
                        prefix.Begin();
                    var resolved = new HashSet<long>();
                    var released = new List<long>();
                    foreach (var sequence in completions)
                    {
                        prefix.Resolve(sequence, sequence * 7);
                        resolved.Add(sequence);
                        while (prefix.TryRelease(out var item))
                        {
                            item.IsResolved.ShouldBeTrue();
                            item.Outcome.ShouldBe((int)item.Sequence * 7);
                            released.Add(item.Sequence);
                        }
                        var oldestOpen = Enumerable.Range(0, completions.Length + 1).First(s => !resolved.Contains(s));
                        released.Count.ShouldBe(oldestOpen);
                    }
                    released.ShouldBe(Enumerable.Range(0, completions.Length).Select(i => (long)i));
                    prefix.Pending.ShouldBe(0);
                },
                iter: 100
            );

    [Fact]
    public void An_unresolved_request_holds_back_all_later_ones()
    {
        var prefix = new ResolvedPrefix<string>();
        var (slow, fast) = (prefix.Begin(), prefix.Begin());
        prefix.Resolve(fast, "200");
        prefix.TryRelease(out _).ShouldBeFalse();
        prefix.Resolve(slow, "503");
        prefix.TryRelease(out var first).ShouldBeTrue();
        first.Outcome.ShouldBe("503");
    }

    [Fact]
    public void Beyond_the_capacity_the_oldest_leaves_unresolved_and_its_outcome_is_late()
    {
        var prefix = new ResolvedPrefix<int>(capacity: 2);
        for (var i = 0; i < 3; i++)
            prefix.Begin();
        prefix.TryRelease(out var item).ShouldBeTrue();
        item.ShouldBe(new PrefixItem<int>(0, false, 0));
        prefix.TryRelease(out _).ShouldBeFalse();
        prefix.Resolve(0, 1);
        prefix.Late.ShouldBe(1);
    }

    [Fact]
    public void An_outcome_for_a_request_that_never_began_or_has_one_is_a_bug()
    {
        var prefix = new ResolvedPrefix<int>();
        prefix.Begin();
        Should.Throw<ArgumentOutOfRangeException>(() => prefix.Resolve(1, 0));
        prefix.Begin();
        prefix.Resolve(1, 0);
        Should.Throw<InvalidOperationException>(() => prefix.Resolve(1, 0));
    }
}
