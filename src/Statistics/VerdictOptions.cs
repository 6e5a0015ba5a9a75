namespace CiliumDebugging.Statistics;

/// <summary>What counts as skew, and how sure a verdict must be.</summary>
public sealed record VerdictOptions
{
    /// <summary>The defaults: error probability 1e-4, tolerance 15 %.</summary>
    public static VerdictOptions Default { get; } = new();

    /// <summary>Error probability α of one verdict, over every moment one may look. Default 1e-4, range (0, 0.5]. A
    /// smaller value needs more connections, in proportion to ln(1/α).</summary>
    public double ErrorProbability
    {
        get;
        init => field = value is > 0 and <= 0.5 ? value : throw OutOfRange(value, "(0, 0.5]");
    } = 1e-4;

    /// <summary>Tolerance τ, a fraction of the expected share: a share within w(1 ± τ) is even. Default 0.15, range (0,
    /// 1). Halving it makes "even" about four times as expensive.</summary>
    public double Tolerance
    {
        get;
        init => field = value is > 0 and < 1 ? value : throw OutOfRange(value, "(0, 1)");
    } = 0.15;

    /// <summary>Options of the segment that follows the alarm before it: α/(s(s+1)), so that all of them add at most
    /// α/2.</summary>
    internal VerdictOptions ForSegment(int segment) =>
        segment == 1 ? this : this with { ErrorProbability = ErrorProbability / ((double)segment * (segment + 1)) };

    private static ArgumentOutOfRangeException OutOfRange(double value, string range) =>
        new(nameof(value), value, $"The value must be in {range}.");
}
