using System.Text.Json.Serialization;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Lab.Page;

/// <summary>What a run shows right now.</summary>
[JsonConverter(typeof(CamelCaseConverter<RunStatusKind>))]
public enum RunStatusKind
{
    /// <summary>There is nothing to evaluate.</summary>
    Waiting,

    /// <summary>Every Pod answers and no request fails.</summary>
    Balanced,

    /// <summary>Requests fail.</summary>
    Failing,

    /// <summary>A Pod has less than half of its fair share, or the verdict is skewed.</summary>
    Skewed,

    /// <summary>Balanced again after skew or failures.</summary>
    Recovered,
}

/// <summary>
/// The status of a run in words: the first thing that the page, the terminal and Aspire show. A text is empty where it
/// does not apply.
/// </summary>
public sealed record RunStatus
{
    /// <summary>There is no load.</summary>
    public static RunStatus None { get; } =
        new()
        {
            Headline = "No load yet",
            Answers = "No request has been sent.",
            Why = "Start a scenario, or the load alone to make changes manually.",
        };

    public RunStatusKind Kind { get; init; }

    /// <summary>One line.</summary>
    public string Headline { get; init; } = "";

    /// <summary>The Pods that answer.</summary>
    public string Answers { get; init; } = "";

    /// <summary>The Pods that do not, and how their requests end; empty when all answer.</summary>
    public string Silent { get; init; } = "";

    /// <summary>Since when.</summary>
    public string Since { get; init; } = "";

    /// <summary>After which event.</summary>
    public string After { get; init; } = "";

    /// <summary>At which hop.</summary>
    public string Hop { get; init; } = "";

    /// <summary>Why, as far as it is known.</summary>
    public string Why { get; init; } = "";

    /// <summary>The status of a run so far.</summary>
    /// <param name="report">The run.</param>
    /// <param name="live">Rates of the last seconds; without load the whole last phase counts.</param>
    /// <param name="clock">Time zone for moments as time of day; null: moments are seconds of the run.</param>
    public static RunStatus Of(RunReport report, LiveSample live, TimeZoneInfo? clock = null)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(live);
        return report.Phases[^1].Requests == 0 && live.Pods.IsEmpty
            ? new RunStatus { Headline = "The load has begun", Answers = "No request has an outcome yet." }
            : new RunStatusText(report, live, clock).Write();
    }
}
