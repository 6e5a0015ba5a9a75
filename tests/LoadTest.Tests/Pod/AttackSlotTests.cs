using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.LoadTest.Pod;

namespace CiliumDebugging.LoadTest.Tests.Pod;

public sealed class AttackSlotTests
{
    private static readonly AttackOrder Order = new(new Uri("http://127.0.0.1:1/"), 1);

    public static TheoryData<AttackOrder, string> Wrong => new()
    {
        { Order with { Url = null! }, "url ''" },
        { Order with { Url = new Uri("backend-1.backend/echo", UriKind.Relative) }, "url 'backend-1.backend/echo'" },
        { Order with { Url = new Uri("ftp://127.0.0.1/") }, "url 'ftp://127.0.0.1/'" },
        { Order with { TimeoutSeconds = 1e300 }, "timeout 1E+300 s" },
        { Order with { TimeoutSeconds = double.NaN }, "timeout NaN s" },
        { Order with { Ports = "some" }, "port range 'some'" },
    };

    [Theory, MemberData(nameof(Wrong))]
    public async Task An_order_that_makes_no_sense_is_refused_with_its_value(AttackOrder order, string expected)
    {
        await using var slot = new AttackSlot(new TargetResolver(), TimeProvider.System);
        (await Should.ThrowAsync<AttackRefusedException>(() => slot.StartAsync(order, TestContext.Current.CancellationToken))).Message.ShouldStartWith(expected);
        slot.State.ShouldBeNull();
    }
}
