using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Page;

public sealed class PodRowBuilderTests
{
    [Theory]
    [InlineData(3, 3, 3, false)]
    [InlineData(20, 5, 20, false)]
    [InlineData(21, 5, 5, true)]
    [InlineData(300, 12, 12, true)]
    [InlineData(300, 150, 20, true)]
    public void Many_pods_are_shown_by_node_and_many_nodes_together_and_every_pod_is_in_one_row(
        int pods,
        int nodes,
        int rows,
        bool grouped
    )
    {
        var all = ManyPods.Pods(pods, nodes);

        var (report, live) = (ManyPods.Report(all, _ => true), ManyPods.Rates(all, _ => true));
        var shown = PodRowBuilder.Of(report.Phases[0], RunStatus.Of(report, live), live, null, null);

        shown.Length.ShouldBe(rows);
        shown.Sum(r => r.Pods).ShouldBe(pods);
        shown.Sum(r => r.OkPerSecond).ShouldBe(pods, tolerance: 0.01 * rows);
        shown.Sum(r => r.Expected).ShouldBe(1, tolerance: 0.001);
        shown.Any(r => r.Pods > 1).ShouldBe(grouped);
        if (nodes > PodRowBuilder.MaxRows)
            shown[^1].Node.ShouldBe($"{nodes - PodRowBuilder.MaxRows + 1} other nodes");
        shown.Where(r => r.OnClientNode).Select(r => r.Node).Distinct().ShouldBe(["node-00"]);
    }

    [Fact]
    public void A_row_of_a_node_that_does_not_answer_is_silent_and_has_its_pods_5xx()
    {
        var pods = ManyPods.Pods(300, 12);
        bool Answers(int i) => i % 12 == 0;
        var (then, now) = (ManyPods.Report(pods, Answers, at: 8, per: 8), ManyPods.Report(pods, Answers));

        var live = ManyPods.Rates(pods, Answers);
        var rows = PodRowBuilder.Of(
            now.Phases[0],
            RunStatus.Of(now, live),
            live,
            then.Details.Series[0],
            now.Details.Series[0]
        );

        rows.Where(r => r.State is RowState.Answers).Select(r => r.Node).ShouldBe(["node-00"]);
        rows.Where(r => r.State is RowState.Silent).Count().ShouldBe(11);
        rows.Where(r => r.State is RowState.Silent).ShouldAllBe(r => r.FailedPerSecond == 25); // 25 Pods, 1/s each
    }
}
