using CsCheck;

namespace CiliumDebugging.Statistics.Tests;

public class SkewMeasuresTests
{
    [Fact]
    public void Even_shares_measure_one_one_zero_and_K()
    {
        var measures = Of(1000, 1000, 1000);
        measures.MaxOverMean.Estimate.ShouldBe(1, 1e-12);
        measures.Jain.Estimate.ShouldBe(1, 1e-12);
        measures.TotalVariation.Estimate.ShouldBe(0, 1e-12);
        measures.EffectiveBackends.Estimate.ShouldBe(3, 1e-12);
    }

    [Fact]
    public void One_backend_that_takes_all_measures_K_one_over_K_and_one()
    {
        var measures = Of(3000, 0, 0);
        measures.MaxOverMean.Estimate.ShouldBe(3, 1e-12);
        measures.Jain.Estimate.ShouldBe(1 / 3.0, 1e-12);
        measures.TotalVariation.Estimate.ShouldBe(2 / 3.0, 1e-12);
        measures.EffectiveBackends.Estimate.ShouldBe(1, 1e-12);
        measures.MaxOverMean.Lower.ShouldBeGreaterThan(2.9);
        measures.EffectiveBackends.Upper.ShouldBeLessThan(1.1);
    }

    [Fact]
    public void Ranges_contain_the_measures_of_every_share_vector_that_the_intervals_allow() =>
        Gen.Select(Gen.Int[1, 900].Array[4], Gen.Int[0, 200], Gen.Double[0, 1].Array[4])
            .Sample(
                (counts, unknown, mix) =>
                {
                    var expected = ExpectedShares.Weighted(["a", "b", "c", "d"], [4, 3, 2, 1]);
                    var verdict = SkewTest.Evaluate(
                        expected,
                        new BackendCounts([.. counts.Select(c => (long)c)], unknown)
                    );
                    var measures = SkewMeasures.Of(verdict).ShouldNotBeNull();
                    // A random corner-ish point of the box, moved onto Σp = 1 inside it.
                    var shares = verdict.Shares;
                    double[] p = [.. shares.Select((s, i) => s.Share.Lower + mix[i] * (s.Share.Upper - s.Share.Lower))];
                    var missing = 1 - p.Sum();
                    for (var i = 0; i < p.Length; i++)
                    {
                        var step = Math.Clamp(missing, shares[i].Share.Lower - p[i], shares[i].Share.Upper - p[i]);
                        p[i] += step;
                        missing -= step;
                    }
                    Math.Abs(missing).ShouldBeLessThan(1e-9);
                    Contains(measures.MaxOverMean, p.Select((x, i) => x / shares[i].Expected).Max());
                    Contains(measures.Jain, Math.Min(1, 1 / p.Select((x, i) => x * x / shares[i].Expected).Sum()));
                    Contains(measures.TotalVariation, p.Select((x, i) => Math.Abs(x - shares[i].Expected)).Sum() / 2);
                    Contains(measures.EffectiveBackends, 1 / p.Sum(x => x * x));
                    foreach (
                        var measure in new[]
                        {
                            measures.MaxOverMean,
                            measures.Jain,
                            measures.TotalVariation,
                            measures.EffectiveBackends,
                        }
                    )
                        Contains(measure, measure.Estimate);
                },
                iter: 500
            );

    private static SkewMeasures Of(long a, long b, long c) =>
        SkewMeasures.Of(SkewTest.Evaluate(Draws.ThreePods, BackendCounts.Of(a, b, c))).ShouldNotBeNull();

    private static void Contains(Measure measure, double value) =>
        value.ShouldBeInRange(measure.Lower - 1e-9, measure.Upper + 1e-9);
}
