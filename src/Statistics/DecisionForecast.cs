namespace CiliumDebugging.Statistics;

/// <summary>How many more connections a decision needs: the counts are scaled until a threshold is reached. The shares
/// are those observed, drawn towards the expected ones by the (K − 1)/τ² pseudo-observations of the test's sharper
/// prior: by chance alone the shares of the first hundreds of connections lie at the edge of the tolerance, where no
/// number of connections would be enough.</summary>
internal static class DecisionForecast
{
    /// <summary>Beyond this many connections no decision is said to be in sight.</summary>
    public const double HorizonConnections = 1e8;

    /// <returns>Connections beyond those counted, rounded up to about 0.1 %; null when the horizon is passed first.
    /// Without data the expected shares are assumed.</returns>
    public static long? FurtherConnections(
        SkewEvidence evidence,
        double[] counts,
        double unattributed,
        double logThreshold
    )
    {
        if (evidence.Competing < 1)
            return null;
        var seen = SkewEvidence.Total(counts, unattributed);
        var unknownShare = seen > 0 ? unattributed / seen : 0;
        var prior = Math.Max(1, evidence.Competing - 1) / (evidence.Tolerance * evidence.Tolerance);
        double[] shares =
        [
            .. counts.Select(
                (c, i) =>
                    (1 - unknownShare) * (c + prior * evidence.Expected.Weights[i]) / (seen - unattributed + prior)
            ),
        ];
        var scaled = new double[shares.Length];

        var before = seen;
        var after = Math.Max(1, seen);
        while (!Decided(after))
        {
            if (after >= HorizonConnections)
                return null;
            (before, after) = (after, after * 1.5);
        }
        while (after - before > Math.Max(1, 1e-3 * after))
        {
            var middle = (before + after) / 2;
            (before, after) = Decided(middle) ? (before, middle) : (middle, after);
        }
        return Math.Max(1, (long)Math.Ceiling(after - seen));

        bool Decided(double n)
        {
            for (var i = 0; i < shares.Length; i++)
                scaled[i] = shares[i] * n;
            return Reached(evidence.LogSkewedBound(scaled, unknownShare * n))
                    && Reached(evidence.LogSkewed(scaled, unknownShare * n))
                || Reached(evidence.LogEvenBound(scaled, unknownShare * n))
                    && Reached(evidence.LogEven(scaled, unknownShare * n));
        }

        bool Reached(double logEvidence) => logEvidence >= logThreshold;
    }
}
