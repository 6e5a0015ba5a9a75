using CsCheck;

namespace CiliumDebugging.Statistics.Tests;

public class SkewTestTests
{
    private static readonly double[] s_thirds = [1 / 3.0, 1 / 3.0, 1 / 3.0];
    private static readonly int[] s_positions = [0, 1, 2];

    [Theory]
    [InlineData(3, 4, 3)]
    [InlineData(40, 33, 27)]
    [InlineData(120, 100, 80)]
    [InlineData(345, 330, 325)]
    [InlineData(30, 2, 1)]
    public void Evidence_agrees_with_the_formulas_computed_with_MathNet(long a, long b, long c)
    {
        var verdict = SkewTest.Evaluate(Draws.ThreePods, BackendCounts.Of(a, b, c));
        verdict.LogEvidenceSkewed.ShouldBe(ReferenceEvidence.Skewed(s_thirds, [a, b, c], 0.15), 1e-9);
        verdict.LogEvidenceEven.ShouldBe(ReferenceEvidence.Even(s_thirds, [a, b, c], 0.15), 1e-9);
    }

    [Fact]
    public void Evidence_agrees_with_MathNet_for_unequal_weights_too()
    {
        double[] weights = [0.5, 0.3, 0.15, 0.05];
        long[] counts = [260, 140, 80, 20];
        var verdict = SkewTest.Evaluate(
            ExpectedShares.Weighted(["a", "b", "c", "d"], weights),
            BackendCounts.Of(counts)
        );
        verdict.LogEvidenceSkewed.ShouldBe(ReferenceEvidence.Skewed(weights, counts, 0.15), 1e-9);
        verdict.LogEvidenceEven.ShouldBe(ReferenceEvidence.Even(weights, counts, 0.15), 1e-9);
    }

    [Fact]
    public void The_exact_null_agrees_with_the_closed_form()
    {
        var test = new SkewTest(Draws.ThreePods);
        test.Add(BackendCounts.Of(50, 30, 20));
        // Dirichlet(1, 1, 1): every one of the C(n+2, 2) count vectors is equally probable, so e = 3^n / (C(n+2, 2) ·
        // n!/(S!S!S!)).
        static double LogFactorial(int n) => Enumerable.Range(1, n).Sum(i => Math.Log(i));
        var expected =
            100 * Math.Log(3)
            - Math.Log(102 * 101 / 2.0)
            - LogFactorial(100)
            + LogFactorial(50)
            + LogFactorial(30)
            + LogFactorial(20);
        test.LogEvidenceAgainstExactlyExpected().ShouldBe(expected, 1e-9);
    }

    [Fact]
    public void The_order_of_backends_and_of_selections_does_not_matter() =>
        Gen.Select(Gen.Int[0, 2].Array[1, 400], Gen.Shuffle(s_positions))
            .Sample(
                (selections, order) =>
                {
                    var (plain, renamed) = (new SkewTest(Draws.ThreePods), new SkewTest(Draws.ThreePods));
                    foreach (var backend in selections)
                        plain.Add(backend);
                    foreach (var backend in selections.Reverse())
                        renamed.Add(order[backend]);
                    renamed.LogEvidenceSkewed.ShouldBe(plain.LogEvidenceSkewed, 1e-9);
                    renamed.LogEvidenceEven.ShouldBe(plain.LogEvidenceEven, 1e-9);
                },
                iter: 200
            );

    [Fact]
    public void The_cheap_check_decides_exactly_as_the_evidence_does() =>
        Gen.Select(Gen.Int[0, 6000], Gen.Int[0, 6000], Gen.Int[0, 6000], Gen.Int[0, 50])
            .Sample(
                (a, b, c, unknown) =>
                {
                    var test = new SkewTest(Draws.ThreePods);
                    test.Add(new BackendCounts([a, b, c], unknown));
                    test.IsSkewed.ShouldBe(test.LogEvidenceSkewed >= Math.Log(1e4));
                    test.IsEven.ShouldBe(test.LogEvidenceEven >= Math.Log(1e4));
                },
                iter: 1000
            );

    [Fact]
    public void Intervals_end_where_the_evidence_against_a_share_reaches_K_over_alpha()
    {
        var verdict = SkewTest.Evaluate(Draws.ThreePods, BackendCounts.Of(500, 300, 200));
        foreach (var share in verdict.Shares)
        {
            foreach (var q in new[] { share.Share.Lower, share.Share.Upper })
            {
                var wide = ReferenceEvidence.R(q, share.Count, 1000, 1, 2);
                var narrow = ReferenceEvidence.R(q, share.Count, 1000, 2 / 0.0225 / 3, 2 / 0.0225 * 2 / 3);
                Math.Log((Math.Exp(wide) + Math.Exp(narrow)) / 2).ShouldBe(Math.Log(3 / 1e-4), 1e-8);
            }
            share.Share.Contains(share.Count / 1000.0).ShouldBeTrue();
        }
    }

    [Fact]
    public void Simultaneous_intervals_miss_at_no_moment_more_often_than_alpha()
    {
        const int runs = 200;
        const double alpha = 0.05;
        var missed = 0;
        for (var run = 0; run < runs; run++)
        {
            var draws = new Draws(run);
            var test = new SkewTest(Draws.ThreePods, new VerdictOptions { ErrorProbability = alpha });
            var miss = false;
            for (var n = 1; n <= 1000; n++)
            {
                test.Add(draws.From(0.5, 0.3, 0.2));
                if (n % 50 != 0)
                    continue;
                var shares = test.Intervals();
                miss |= !(shares[0].Contains(0.5) && shares[1].Contains(0.3) && shares[2].Contains(0.2));
            }
            missed += miss ? 1 : 0;
        }
        // Binomial(200, 0.05): mean 10, standard deviation 3.1.
        missed.ShouldBeLessThanOrEqualTo(19);
    }

    [Fact]
    public void Unattributed_selections_never_make_a_decision_easier() =>
        Gen.Select(Gen.Int[0, 3000], Gen.Int[0, 3000], Gen.Int[0, 3000], Gen.Int[0, 400], Gen.Int[0, 2])
            .Sample(
                (a, b, c, unknown, truth) =>
                {
                    long[] counts = [a, b, c];
                    var cautious = SkewTest.Evaluate(Draws.ThreePods, new BackendCounts([.. counts], unknown));
                    counts[truth] += unknown;
                    var omniscient = SkewTest.Evaluate(Draws.ThreePods, BackendCounts.Of(counts));
                    cautious.LogEvidenceSkewed.ShouldBeLessThanOrEqualTo(omniscient.LogEvidenceSkewed + 1e-9);
                    cautious.LogEvidenceEven.ShouldBeLessThanOrEqualTo(omniscient.LogEvidenceEven + 1e-9);
                    for (var i = 0; i < 3; i++)
                    {
                        cautious
                            .Shares[i]
                            .Share.Lower.ShouldBeLessThanOrEqualTo(omniscient.Shares[i].Share.Lower + 1e-9);
                        cautious
                            .Shares[i]
                            .Share.Upper.ShouldBeGreaterThanOrEqualTo(omniscient.Shares[i].Share.Upper - 1e-9);
                    }
                },
                iter: 300
            );

    [Fact]
    public void Even_selections_of_ten_million_connections_are_even_and_stay_finite()
    {
        var verdict = SkewTest.Evaluate(Draws.ThreePods, BackendCounts.Of(3_333_000, 3_334_000, 3_333_000));
        verdict.Kind.ShouldBe(VerdictKind.Even);
        double.IsFinite(verdict.LogEvidenceEven).ShouldBeTrue();
        verdict.HalfWidth.ShouldBeInRange(0.001, 0.01);
    }
}
