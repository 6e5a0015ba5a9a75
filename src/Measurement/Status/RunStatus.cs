using System.Collections.Immutable;
using System.Text.Json.Serialization;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Status;

/// <summary>What a run shows right now.</summary>
public enum RunStatusKind
{
    /// <summary>There is nothing to evaluate.</summary>
    Waiting,

    /// <summary>No request fails, and there is no verdict yet.</summary>
    Undecided,

    /// <summary>No request fails, and the load is even.</summary>
    Balanced,

    /// <summary>Requests fail.</summary>
    Failing,

    /// <summary>No request fails, and the load is skewed.</summary>
    Skewed,

    /// <summary>Balanced again after a skew that was called.</summary>
    Recovered,
}

/// <summary>
/// The status of a run at one moment. It is computed in one place, so that headline, colours, diagram, verdict,
/// diagnosis, title of the tab, terminal, Aspire, metrics and reports agree. A text is empty where it does not apply.
/// </summary>
public sealed record RunStatus
{
    /// <summary>Nothing was sent.</summary>
    public static RunStatus None { get; } =
        new()
        {
            Headline = "No load yet",
            Title = "No load yet",
            Answers = "No request has been sent.",
            Why = "Start a scenario, or the load alone to make changes manually.",
        };

    public RunStatusKind Kind { get; init; }

    /// <summary>One line in the present tense, for a run under way.</summary>
    public string Headline { get; init; } = "";

    /// <summary>One line in the past tense, with the counts of the whole run: the title of a report.</summary>
    public string Title { get; init; } = "";

    /// <summary>The Pods that answer.</summary>
    public string Answers { get; init; } = "";

    /// <summary>The Pods that do not; empty when all answer.</summary>
    public string Silent { get; init; } = "";

    /// <summary>How many requests fail, and how.</summary>
    public string Failures { get; init; } = "";

    /// <summary>Since when.</summary>
    public string Since { get; init; } = "";

    /// <summary>After which event.</summary>
    public string After { get; init; } = "";

    /// <summary>At which hop.</summary>
    public string Hop { get; init; } = "";

    /// <summary>Why, as far as it is known.</summary>
    public string Why { get; init; } = "";

    /// <summary>The verdict on delivery in the current phase, or since the alarm; null before there are requests.
    /// </summary>
    [JsonIgnore]
    public Verdict? Verdict { get; init; }

    /// <summary><see cref="Verdict"/> in words, with the time that a decision still takes.</summary>
    [JsonIgnore]
    public string VerdictText { get; init; } = "";

    /// <summary>The named mechanism, or that none fits; null while that is not known. An undecided run has no
    /// mechanism, except one that explains why some Pods should get no load.</summary>
    [JsonIgnore]
    public DiagnosisResult? Diagnosis { get; init; }

    /// <summary>The backend Pods of the current phase.</summary>
    [JsonIgnore]
    public ImmutableArray<PodStatus> Pods { get; init; } = [];

    /// <summary>Whether the run shows a fault: the surfaces are red.</summary>
    [JsonIgnore]
    public bool IsFault => Kind is RunStatusKind.Failing or RunStatusKind.Skewed;

    /// <summary>The mechanism behind a fault; null when none is named.</summary>
    [JsonIgnore]
    public DiagnosisResult? Cause => IsFault && Diagnosis is { IsMechanism: true } ? Diagnosis : null;

    /// <summary>The status of a run so far.</summary>
    /// <param name="report">The run.</param>
    /// <param name="live">Rates of the last seconds; without load the whole last phase counts.</param>
    /// <param name="clock">Time zone for moments as time of day; null: moments are seconds of the run.</param>
    public static RunStatus Of(RunReport report, LiveSample live, TimeZoneInfo? clock = null)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(live);
        return new StatusOfRun(report, live, clock).Evaluate();
    }

    /// <summary>The status of a load that has not been evaluated yet.</summary>
    public static RunStatus Of(LiveSample live)
    {
        ArgumentNullException.ThrowIfNull(live);
        return live.Requests == 0
            ? Unevaluated("No request is counted yet", "No request has an outcome yet.")
            : Unevaluated("Load is running", $"{live.Requests} requests have an outcome; the evaluation follows.");
    }

    internal static RunStatus Unevaluated(string headline, string answers) =>
        new()
        {
            Headline = headline,
            Title = headline,
            Answers = answers,
            Why = answers,
        };
}
