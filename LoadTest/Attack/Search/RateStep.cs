using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Attack.Search;

/// <summary>One short attack at a rate, and whether generator and server hold it.</summary>
/// <param name="RatePerSecond">The requested rate.</param>
/// <param name="Length">How long.</param>
/// <param name="Accounting">What became of the requests.</param>
/// <param name="LateP99">99th percentile of real minus intended start.</param>
/// <param name="Drain">Time from the attack's end until the last request had ended.</param>
public sealed record RateStep(
    double RatePerSecond,
    TimeSpan Length,
    AttackAccounting Accounting,
    TimeSpan LateP99,
    TimeSpan Drain
)
{
    /// <summary>Share of requests that may fail or not be sent.</summary>
    public const double MaxFailedShare = 0.001;

    /// <summary>Later than this, the generator is behind.</summary>
    public static readonly TimeSpan MaxLateP99 = TimeSpan.FromMilliseconds(20);

    /// <summary>The server is behind when its last answers take longer than this part of the step.</summary>
    public const double MaxDrainShare = 0.2;

    // However short the step: requests in flight at its end are not a backlog yet.
    private static readonly TimeSpan s_minDrain = TimeSpan.FromMilliseconds(100);

    /// <summary>Why the rate does not hold; null when it does.</summary>
    public string? Problem
    {
        get
        {
            // What the step's end cut off is not an error of its own, but the last answers that did not come.
            var open = Accounting[Outcome.Canceled];
            var errors = Accounting.Errors - open;
            return Accounting.Responses == 0 ? "no response"
                : Accounting.NotSent + errors > MaxFailedShare * Accounting.Intended
                    ? $"{Accounting.NotSent} not sent, {errors} errors"
                : LateP99 > MaxLateP99 ? $"the generator is late, p99 {AttackReport.Format(LateP99)}"
                : open > 0 ? $"{open} not answered {AttackReport.Format(MaxDrain(Length))} after the end"
                : Drain > MaxDrain(Length) ? $"the last answers came {AttackReport.Format(Drain)} after the end"
                : null;
        }
    }

    /// <summary>How long after the end of a step of this length its last answers may come.</summary>
    public static TimeSpan MaxDrain(TimeSpan length) =>
        length * MaxDrainShare is var most && most > s_minDrain ? most : s_minDrain;

    /// <summary>The step as a line.</summary>
    public override string ToString()
    {
        var result = Problem ?? $"holds (late p99 {AttackReport.Format(LateP99)}, {Accounting.Errors} errors)";
        return $"{RatePerSecond, 10:N0}/s for {AttackReport.Format(Length)}: {result}";
    }
}
