namespace CiliumDebugging.LoadTest.Attack.Search;

/// <summary>Which rate to try next on the way to the highest that holds: up by half while all hold, down by half while
/// none does, then the geometric mean of the two nearest. Pure; holds to within <see cref="Precision"/> in at most
/// <see cref="MaxSteps"/> steps.</summary>
/// <param name="first">Rate to begin with, requests per second, above 0.</param>
public sealed class RateSearch(double first)
{
    /// <summary>The lowest rate that failed is at most this many times the highest that held.</summary>
    public const double Precision = 1.05;

    /// <summary>Steps at most; enough for a first rate that is wrong by a factor of 32 either way.</summary>
    public const int MaxSteps = 16;

    private const double Lowest = 1,
        Highest = 1e6;

    private double _next = Math.Clamp(first, Lowest, Highest);

    /// <summary>Highest rate that held, requests per second; null while none has.</summary>
    public double? Held { get; private set; }

    /// <summary>Lowest rate that failed; null while none has.</summary>
    public double? Failed { get; private set; }

    /// <summary>Rates tried so far.</summary>
    public int Steps { get; private set; }

    /// <summary>The rate to try next; null when the search is over.</summary>
    public double? Next =>
        Steps == MaxSteps || Failed <= Held * Precision || Held >= Highest || Failed <= Lowest ? null : _next;

    /// <summary>Tells how the rate <see cref="Next"/> did.</summary>
    public void Report(bool holds)
    {
        Steps++;
        // A rate above one that failed, or below one that held, teaches nothing new: the nearest of both sides count.
        if (holds)
            Held = Math.Max(Held ?? 0, _next);
        else
            Failed = Math.Min(Failed ?? double.PositiveInfinity, _next);
        _next = Math.Clamp(
            (Held, Failed) switch
            {
                ({ } held, { } failed) => Math.Sqrt(held * failed),
                ({ } held, null) => held * 1.5,
                _ => Failed!.Value / 2,
            },
            Lowest,
            Highest
        );
    }
}
