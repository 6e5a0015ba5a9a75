using CiliumDebugging.Lab.Running;

namespace CiliumDebugging.Lab.Tests.Running;

public class EndpointLagLossTests
{
    private static EndpointLagLoss Loss(double lag, double answers, int removed = 3, int surge = 1) =>
        new(Rate: 60, Pods: 3, removed, lag, new EndingPods(answers, surge), Reaction: 0.5);

    [Theory]
    [InlineData(3, 0, 3, 180)]
    [InlineData(3, 0, 1, 60)]
    [InlineData(3, 2, 3, 60)]
    [InlineData(3, 3, 3, 0)]
    [InlineData(3, 6, 3, 0)]
    [InlineData(0, 0, 3, 0)]
    public void Each_pod_that_goes_loses_its_share_of_the_rate_while_nodes_choose_it_and_it_does_not_answer(
        double lag,
        double answers,
        int removed,
        double lost
    ) => Loss(lag, answers, removed).Expected.ShouldBe(lost, 1e-9);

    /// <summary>From 2.5 s at a quarter less four standard errors, to 3.5 s at a third plus as much.</summary>
    [Fact]
    public void The_interval_covers_the_reaction_the_surge_and_the_spread_of_the_count() =>
        Loss(3, 0)
            .Interval.ShouldBe((Math.Floor(112.5 - 4 * Math.Sqrt(112.5)), Math.Ceiling(210 + 4 * Math.Sqrt(210))));

    [Fact]
    public void A_pod_that_answers_for_longer_than_the_lag_and_the_reaction_loses_nothing() =>
        Loss(3, 3.6).Interval.ShouldBe((0, 0));
}
