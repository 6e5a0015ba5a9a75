using System.Net;

namespace CiliumDebugging.Statistics.Tests;

public class FreshSelectionsTests
{
    [Fact]
    public void Only_the_first_use_of_a_port_is_fresh()
    {
        var selections = new FreshSelections();
        Classify(selections, 40_001, 0).ShouldBe(SelectionOrigin.Fresh);
        Classify(selections, 40_003, 1).ShouldBe(SelectionOrigin.Fresh);
        Classify(selections, 40_001, 2).ShouldBe(SelectionOrigin.ReusedPort);
    }

    [Fact]
    public void The_same_port_of_another_pod_or_towards_another_service_is_fresh()
    {
        var selections = new FreshSelections();
        selections
            .Classify("backend-1", IPEndPoint.Parse("10.0.0.1:40001"), TimeSpan.Zero)
            .ShouldBe(SelectionOrigin.Fresh);
        selections
            .Classify("backend-1", IPEndPoint.Parse("10.0.0.2:40001"), TimeSpan.Zero)
            .ShouldBe(SelectionOrigin.Fresh);
        selections
            .Classify("backend-2", IPEndPoint.Parse("10.0.0.1:40001"), TimeSpan.Zero)
            .ShouldBe(SelectionOrigin.Fresh);
    }

    [Fact]
    public void Every_use_renews_the_conntrack_lifetime()
    {
        var selections = new FreshSelections(TimeSpan.FromSeconds(60));
        Classify(selections, 40_001, 0);
        Classify(selections, 40_001, 50).ShouldBe(SelectionOrigin.ReusedPort);
        Classify(selections, 40_001, 110).ShouldBe(SelectionOrigin.ReusedPort);
        Classify(selections, 40_001, 171).ShouldBe(SelectionOrigin.Fresh);
    }

    [Fact]
    public void Keepalive_requests_are_not_fresh_and_renew_the_lifetime()
    {
        var selections = new FreshSelections(TimeSpan.FromSeconds(60));
        Classify(selections, 40_001, 0);
        selections
            .Classify(
                "backend-1",
                IPEndPoint.Parse("10.0.0.1:40001"),
                TimeSpan.FromSeconds(55),
                firstOnConnection: false
            )
            .ShouldBe(SelectionOrigin.KeepAlive);
        Classify(selections, 40_001, 100).ShouldBe(SelectionOrigin.ReusedPort);
    }

    [Fact]
    public void An_unknown_port_is_never_fresh()
    {
        var selections = new FreshSelections();
        selections.Classify("s", null, TimeSpan.Zero).ShouldBe(SelectionOrigin.UnknownPort);
    }

    [Fact]
    public void A_full_memory_never_takes_an_old_port_for_a_fresh_one()
    {
        var selections = new FreshSelections(TimeSpan.FromSeconds(60), capacity: 2);
        Classify(selections, 1, 0).ShouldBe(SelectionOrigin.Fresh);
        Classify(selections, 2, 30).ShouldBe(SelectionOrigin.Fresh);
        Classify(selections, 3, 31).ShouldBe(SelectionOrigin.Untracked);
        Classify(selections, 3, 32).ShouldBe(SelectionOrigin.Untracked);
        Classify(selections, 1, 33).ShouldBe(SelectionOrigin.ReusedPort);
        Classify(selections, 3, 91).ShouldBe(SelectionOrigin.Fresh, "port 2 has expired");
        selections.Remembered.ShouldBe(2);
    }

    [Fact]
    public void After_the_backends_changed_every_port_shows_its_assignment_anew()
    {
        var selections = new FreshSelections();
        Classify(selections, 40_001, 0);
        selections.BackendsChanged();
        Classify(selections, 40_001, 1).ShouldBe(SelectionOrigin.Fresh);
    }

    private static SelectionOrigin Classify(FreshSelections selections, int port, int second) =>
        selections.Classify(
            "backend-1",
            new IPEndPoint(IPAddress.Parse("10.0.0.1"), port),
            TimeSpan.FromSeconds(second)
        );
}
