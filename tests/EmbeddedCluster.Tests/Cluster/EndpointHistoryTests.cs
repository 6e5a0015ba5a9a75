using CiliumDebugging.EmbeddedCluster.ControlPlane;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Cluster;

public class EndpointHistoryTests
{
    private static readonly TimeSpan s_lag = TimeSpan.FromSeconds(3);

    private readonly FakeTimeProvider _time = new();
    private readonly V1EndpointSlice _first = Slice("1"),
        _second = Slice("2"),
        _third = Slice("3");

    private static V1EndpointSlice Slice(string version) =>
        new()
        {
            Metadata = new V1ObjectMeta { Name = "backend-1", ResourceVersion = version },
        };

    [Fact]
    public void Nodes_know_a_change_when_the_lag_has_passed_and_changes_in_their_order()
    {
        var history = new EndpointHistory(_time);
        history.Known([_first], s_lag, out var next).ShouldBe([_first], "a node that starts reads what is there");
        next.ShouldBeNull();

        history.Known([_second], s_lag, out next).ShouldBe([_first]);
        next.ShouldBe(s_lag);
        _time.Advance(TimeSpan.FromSeconds(1));
        history.Known([_third], s_lag, out next).ShouldBe([_first]);
        next.ShouldBe(TimeSpan.FromSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(2));
        history.Known([_third], s_lag, out next).ShouldBe([_second]);
        next.ShouldBe(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        history.Known([_third], s_lag, out next).ShouldBe([_third]);
        next.ShouldBeNull();
    }

    [Fact]
    public void Without_a_lag_nodes_know_every_change_at_once()
    {
        var history = new EndpointHistory(_time);
        foreach (var slice in (V1EndpointSlice[])[_first, _second])
        {
            history.Known([slice], TimeSpan.Zero, out var next).ShouldBe([slice]);
            next.ShouldBeNull();
        }
    }
}
