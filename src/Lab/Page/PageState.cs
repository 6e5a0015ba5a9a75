using System.Collections.Immutable;
using System.Text.Json.Serialization;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Status;

namespace CiliumDebugging.Lab.Page;

/// <summary>What the lab is doing.</summary>
public enum PageActivity
{
    /// <summary>Nothing has run yet.</summary>
    Idle,

    /// <summary>A run is being prepared.</summary>
    Starting,

    /// <summary>There is load.</summary>
    Running,

    /// <summary>The last run is over.</summary>
    Ended,

    /// <summary>A Service is observed, without load of the lab's own.</summary>
    Watching,
}

/// <summary>The state of the lab at one moment; sent to pages every second while there is load.</summary>
public sealed record PageState
{
    /// <summary>Before the first run.</summary>
    public static PageState Empty { get; } = new();

    /// <summary>s since the load began.</summary>
    public double At { get; init; }

    public PageActivity Activity { get; init; }

    /// <summary>The current step, in words.</summary>
    public string Step { get; init; } = "";

    /// <summary>The phase that is measured; null outside of one, and in a phase without an end.</summary>
    public PhaseProgress? Phase { get; init; }

    /// <summary>When the load began; null before that.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Name of the scenario.</summary>
    public string Scenario { get; init; } = "";

    /// <summary>Title of the scenario, or of the observation.</summary>
    public string Title { get; init; } = "";

    /// <summary>Whether the operator makes the changes.</summary>
    public bool Manual { get; init; }

    /// <summary>Requests per second that the scenario sends.</summary>
    public double RatePerSecond { get; init; }

    public ClientPlace Client { get; init; } = new("", "");

    /// <summary>Requests with an outcome since the load began.</summary>
    public long Requests { get; init; }

    /// <summary>What page, terminal, Aspire and metrics say of the run.</summary>
    public RunStatus Situation { get; init; } = RunStatus.None;

    /// <summary>The same state with a status, and with the verdict and the diagnosis that are part of it.</summary>
    public PageState With(RunStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        return this with
        {
            Situation = status,
            Verdict = PageVerdict.Of(status),
            Diagnosis = status.Diagnosis is { } diagnosis ? DocumentOf.Diagnosis(diagnosis) : null,
        };
    }

    /// <summary>The Pods, or nodes where there are many Pods.</summary>
    public ImmutableArray<PageRow> Rows { get; init; } = [];

    /// <summary>Whether <see cref="Rows"/> are nodes.</summary>
    public bool Grouped { get; init; }

    /// <summary>On which side HTTP rules apply.</summary>
    public HttpRulesInfo HttpRules { get; init; } = new(false, false);

    /// <summary>The verdict on delivery in the current phase; null before there is one.</summary>
    public PageVerdict? Verdict { get; init; }

    /// <summary>The named mechanism; null before there is one.</summary>
    public DiagnosisInfo? Diagnosis { get; init; }

    /// <summary>Counts of client, Hubble and backends compared; requests in flight make small differences.</summary>
    public ImmutableArray<ReconciliationInfo> Reconciliation { get; init; } = [];

    /// <summary>Recorded events, oldest first.</summary>
    public ImmutableArray<EventInfo> Events { get; init; } = [];

    /// <summary>Answers by Pod and status since the load began. Not sent to pages.</summary>
    [JsonIgnore]
    public ImmutableArray<ResponseCount> Responses { get; init; } = [];

    /// <summary>Every Pod, also where <see cref="Rows"/> are nodes.</summary>
    [JsonIgnore]
    public ImmutableArray<PageRow> PodRows { get; init; } = [];

    /// <summary><see cref="PodRows"/> for pages; null where they are <see cref="Rows"/>.</summary>
    public IEnumerable<PageRow>? Pods => Grouped ? PodRows.Take(PodRowBuilder.MaxPods) : null;

    /// <summary>Why the run failed; null: it did not. Not sent to pages.</summary>
    [JsonIgnore]
    public string? Failure { get; init; }

    /// <summary>Requests per second that fail, over the last seconds. Not sent to pages.</summary>
    [JsonIgnore]
    public double FailedPerSecond { get; init; }
}
