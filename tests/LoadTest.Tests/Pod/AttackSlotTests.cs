using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.LoadTest.Pod;

namespace CiliumDebugging.LoadTest.Tests.Pod;

public sealed class AttackSlotTests
{
    private static readonly AttackOrder s_order = new(new Uri("http://127.0.0.1:1/"), 1);

    public static TheoryData<AttackOrder, string> Wrong =>
        new()
        {
            { s_order with { Url = null! }, "url ''" },
            {
                s_order with
                {
                    Url = new Uri("backend-1.backend/echo", UriKind.Relative),
                },
                "url 'backend-1.backend/echo'"
            },
            { s_order with { Url = new Uri("ftp://127.0.0.1/") }, "url 'ftp://127.0.0.1/'" },
            {
                s_order with
                {
                    Url = new Uri("http://127.0.0.1:1/echo HTTP/1.1"),
                },
                "url 'http://127.0.0.1:1/echo HTTP/1.1'"
            },
            { s_order with { TimeoutSeconds = 1e300 }, "timeout 1E+300 s" },
            { s_order with { TimeoutSeconds = double.NaN }, "timeout NaN s" },
            { s_order with { Ports = "some" }, "port range 'some'" },
            { s_order with { LeaseSeconds = 0 }, "lease 0 s" },
        };

    [Theory, MemberData(nameof(Wrong))]
    public async Task An_order_that_makes_no_sense_is_refused_with_its_value(AttackOrder order, string expected)
    {
        await using var slot = new AttackSlot(new TargetResolver(), TimeProvider.System);
        (
            await Should.ThrowAsync<AttackRefusedException>(() =>
                slot.StartAsync(order, TestContext.Current.CancellationToken)
            )
        ).Message.ShouldStartWith(expected);
        slot.State.ShouldBeNull();
    }

    [Fact]
    public async Task An_attack_whose_records_are_no_longer_read_ends_by_itself()
    {
        await using var slot = new AttackSlot(new TargetResolver(), TimeProvider.System);
        await slot.StartAsync(s_order with { LeaseSeconds = 0.4 }, TestContext.Current.CancellationToken);
        using (slot.Follow())
        {
            await Task.Delay(1000, TestContext.Current.CancellationToken);
            (slot.State!.Running, slot.State.Followed).ShouldBe((true, true));
        }
        slot.State.Followed.ShouldBeFalse();
        for (var i = 0; slot.State.Running && i < 200; i++)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        slot.State.Running.ShouldBeFalse();
    }

    [Fact]
    public async Task Without_a_lease_an_attack_needs_no_reader()
    {
        await using var slot = new AttackSlot(new TargetResolver(), TimeProvider.System);
        await slot.StartAsync(s_order, TestContext.Current.CancellationToken);
        await Task.Delay(500, TestContext.Current.CancellationToken);
        slot.State!.Running.ShouldBeTrue();
    }
}
