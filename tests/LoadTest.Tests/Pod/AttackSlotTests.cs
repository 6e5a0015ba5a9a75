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
            { s_order with { TimeoutSeconds = 1e300 }, "timeout 1E+300 s" },
            { s_order with { TimeoutSeconds = double.NaN }, "timeout NaN s" },
            { s_order with { Ports = "some" }, "port range 'some'" },
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
}
