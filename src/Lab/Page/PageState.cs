using System.Collections.Immutable;
using System.Text.Json.Serialization;
using CiliumDebugging.Measurement.Reports.Document;

namespace CiliumDebugging.Lab.Page;

/// <summary>The state of the lab at one moment: sent every second while there is load.</summary>
/// <param name="At">s since the load began.</param>
/// <param name="Activity">
/// <c>idle</c>, <c>starting</c>, <c>running</c>, <c>ended</c>, or <c>watching</c> while a Service is only observed.
/// </param>
/// <param name="Step">What is being done.</param>
/// <param name="Scenario">Name of the scenario.</param>
/// <param name="Title">Its title.</param>
/// <param name="Manual">Whether changes are the operator's.</param>
/// <param name="RatePerSecond">Requests per second.</param>
/// <param name="Client">The load-test Pod and its node.</param>
/// <param name="Requests">Requests with an outcome.</param>
/// <param name="Situation">What goes on, in words.</param>
/// <param name="Rows">The Pods, or nodes where there are many.</param>
/// <param name="Grouped">Whether rows are nodes.</param>
/// <param name="HttpRules">Where HTTP rules stand.</param>
/// <param name="Verdict">The verdict on delivery of the current phase; null before there is one.</param>
/// <param name="Diagnosis">The mechanism; null before there is one.</param>
/// <param name="Reconciliation">The three views against each other; while there is load requests under way make small differences.</param>
/// <param name="Events">What was done, the latest at the end.</param>
public sealed record PageState(
    double At,
    string Activity,
    string Step,
    string Scenario,
    string Title,
    bool Manual,
    double RatePerSecond,
    ClientPlace Client,
    long Requests,
    RunStatus Situation,
    ImmutableArray<PageRow> Rows,
    bool Grouped,
    HttpRulesInfo HttpRules,
    PageVerdict? Verdict,
    DiagnosisInfo? Diagnosis,
    ImmutableArray<ReconciliationInfo> Reconciliation,
    ImmutableArray<EventInfo> Events
)
{
    /// <summary>Answers by Pod and status since the load began. Not for pages.</summary>
    [JsonIgnore]
    public ImmutableArray<ResponseCount> Responses { get; init; } = [];

    /// <summary>Every Pod, also where <see cref="Rows"/> are nodes. Not for pages.</summary>
    [JsonIgnore]
    public ImmutableArray<PageRow> PodRows { get; init; } = [];

    /// <summary>Why the run broke; null: it did not. Not for pages.</summary>
    [JsonIgnore]
    public string? Failure { get; init; }

    /// <summary>Requests per second that fail, over the last seconds. Not for pages.</summary>
    [JsonIgnore]
    public double FailedPerSecond { get; init; }

    /// <summary>Before the first run.</summary>
    public static PageState Empty { get; } =
        new(
            0,
            "idle",
            "",
            "",
            "",
            false,
            0,
            new ClientPlace("", ""),
            0,
            RunStatus.None,
            [],
            false,
            new HttpRulesInfo(false, false),
            null,
            null,
            [],
            []
        );
}
