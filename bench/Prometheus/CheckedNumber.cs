namespace CiliumDebugging.Bench.Prometheus;

/// <summary>One line of the result: a number of Prometheus, what it must be and how far it may be off.</summary>
/// <param name="Phase">Phase.</param>
/// <param name="What">What is measured.</param>
/// <param name="Measured">The number of Prometheus.</param>
/// <param name="Expected">The number to compare with.</param>
/// <param name="Limit">Largest deviation, in the unit of <paramref name="Unit"/>.</param>
/// <param name="Unit">How the deviation is measured.</param>
/// <param name="Source">Where the expectation comes from.</param>
internal sealed record CheckedNumber(
    string Phase,
    string What,
    double Measured,
    double Expected,
    double Limit,
    DeviationUnit Unit,
    string Source
)
{
    /// <summary>One standard error of the number, when the limit is in standard errors.</summary>
    public double StandardError { get; init; } = double.NaN;

    /// <summary>How far it is off.</summary>
    public double Deviation =>
        Unit switch
        {
            DeviationUnit.Relative => (Measured / Expected) - 1,
            DeviationUnit.StandardErrors => (Measured - Expected) / StandardError,
            _ => Measured - Expected,
        };

    /// <summary>Whether it is within its limit.</summary>
    public bool Passes => Math.Abs(Deviation) <= Limit;
}

/// <summary>How a deviation is measured.</summary>
internal enum DeviationUnit
{
    /// <summary>As a part of what is expected.</summary>
    Relative,

    /// <summary>In standard errors.</summary>
    StandardErrors,

    /// <summary>As a difference.</summary>
    Absolute,
}
