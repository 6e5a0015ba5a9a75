namespace CiliumDebugging.Measurement.Reports.Document;

/// <param name="Kind"><c>even</c>, <c>skewed</c> or <c>undecided</c>.</param>
/// <param name="Text">The verdict in one line.</param>
/// <param name="ErrorProbability">Probability that a decision like this is wrong; null where none can be given.</param>
/// <param name="Tolerance">A fraction of the expected share.</param>
/// <param name="Connections">Observations evaluated.</param>
/// <param name="Unattributed">Those whose backend is unknown.</param>
/// <param name="FurtherConnections">Expected further connections to a decision; 0 when decided; null when none is in
/// sight.</param>
public sealed record VerdictInfo(
    string Kind,
    string Text,
    double? ErrorProbability,
    double Tolerance,
    long Connections,
    long Unattributed,
    long? FurtherConnections
)
{
    /// <summary>How uneven the shares are, in four customary numbers; null without an observation or an expected
    /// backend.</summary>
    public MeasuresInfo? Measures { get; init; }

    /// <summary>Scrape intervals the counts come from: the error probability and the intervals are asymptotic then. 0
    /// where single connections were observed.</summary>
    public long ScrapeIntervals { get; init; }
}

/// <summary>A proportion with an interval that holds at every moment one looks.</summary>
/// <param name="Estimate">Observed; null without an observation.</param>
public sealed record IntervalInfo(double? Estimate, double Lower, double Upper);

/// <summary>How uneven shares are. The intervals follow from the simultaneous intervals of the shares and hold together
/// with them.</summary>
/// <param name="MaxOverMean">Load of the busiest backend over its fair load; 1 is even.</param>
/// <param name="TotalVariation">Fraction of the connections that would have to move; 0 is even.</param>
/// <param name="EffectiveBackends">Equally loaded backends that would concentrate the load as much.</param>
public sealed record MeasuresInfo(
    IntervalInfo MaxOverMean,
    IntervalInfo Jain,
    IntervalInfo TotalVariation,
    IntervalInfo EffectiveBackends
);
