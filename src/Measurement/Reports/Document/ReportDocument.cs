using System.Collections.Immutable;
using System.Text.Json.Serialization;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.Measurement.Reports.Document;

/// <summary><c>report.json</c>: a run as it is saved and shared, documented in docs/report-schema.md. It has types of
/// its own, so that what is saved changes only on purpose; properties are written in the order of their declaration.
/// Times are seconds since the load began unless a name says otherwise; rates are per second; shares are 0 to 1;
/// unknown values are null.</summary>
public sealed record ReportDocument
{
    /// <summary>The value of <see cref="Schema"/>.</summary>
    public const string SchemaName = "cilium-debugging/report";

    /// <summary>The version this program writes and reads.</summary>
    public const int SchemaVersion = 1;
    public required string Schema { get; init; }

    /// <summary>Version of the schema. A new field leaves it; changing or removing a field increments it.</summary>
    public required int Version { get; init; }
    public required ScenarioInfo Scenario { get; init; }

    /// <summary>The run as a whole; null in reports of earlier versions.</summary>
    public ResultInfo? Result { get; init; }

    /// <summary>Why the run ended before its last step, so that this is a part of it; null: it is complete.</summary>
    public string? EndedEarly { get; init; }

    /// <summary>Why the machine of the lab could not keep up, so that nothing is concluded; null: it could.</summary>
    public string? MachineGate { get; init; }

    /// <summary>When the load began.</summary>
    public required DateTimeOffset StartedAt { get; init; }
    public required RunEnvironment Environment { get; init; }
    public required ClusterInfo Cluster { get; init; }
    public required LoadInfo Load { get; init; }

    /// <summary>The command that repeats the run; null when unknown, and in reports of earlier versions and redacted
    /// ones.</summary>
    public string? Command { get; init; }

    /// <summary>The steps taken, one line each.</summary>
    public required ImmutableArray<string> Steps { get; init; }

    /// <summary>
    /// The policy files that were applied; empty in reports of earlier versions and in redacted ones.
    ///</summary>
    public ImmutableArray<PolicyFile> Policies { get; init; } = [];

    /// <summary>What was done to the cluster under load.</summary>
    public required ImmutableArray<EventInfo> Events { get; init; }

    /// <summary>The phases, in order; at least one.</summary>
    public required ImmutableArray<PhaseInfo> Phases { get; init; }

    /// <summary>
    /// The last phase whose shares are evaluated: the state of the run. The last of all where none is.
    ///</summary>
    [JsonIgnore]
    public PhaseInfo Latest => Phases.LastOrDefault(p => p.IsEvaluated) ?? Phases[^1];

    /// <summary>All phases together: what the client sent; null in a document of an earlier version.</summary>
    public TotalsInfo? Totals { get; init; }

    /// <summary>Episodes of skewed delivery.</summary>
    public required ImmutableArray<OnsetInfo> Onsets { get; init; }

    /// <summary>The mechanism, as seen in the last phase.</summary>
    public required DiagnosisInfo Diagnosis { get; init; }

    /// <summary>Client, Hubble and backend counts, compared in pairs.</summary>
    public required ImmutableArray<ReconciliationInfo> Reconciliation { get; init; }

    /// <summary>What the scenario expects.</summary>
    public required ImmutableArray<ExpectationInfo> Expectations { get; init; }
    public required SeriesInfo Series { get; init; }

    /// <summary>What a reader must know before believing the verdict, on a cluster that is only observed; otherwise
    /// empty.</summary>
    public ImmutableArray<QualityInfo> Quality { get; init; } = [];

    /// <summary>Names and addresses were replaced, for sharing.</summary>
    public bool Redacted { get; init; }

    /// <summary>
    /// Whether the run is complete, the machine kept up with it, and every expectation was reproduced.
    ///</summary>
    public bool Holds => EndedEarly is null && MachineGate is null && Expectations.All(e => e.Holds);

    /// <summary>Whether the load was not the lab's: its clients are unknown, and nothing was to be reproduced.</summary>
    [JsonIgnore]
    public bool IsObserved => Load.Url.Length == 0;

    /// <summary>Whether client, Hubble and backend counts agree exactly.</summary>
    public bool Reconciles => Reconciliation.All(r => r.Difference == 0);
}

/// <param name="Title">What the scenario predicts, one line.</param>
/// <param name="Source">URL of the bug's description; may be empty.</param>
public sealed record ScenarioInfo(string Name, string Title, string Source)
{
    /// <summary><c>reported</c> or <c>predicted</c>: on what rests that the emulated release behaves like this; null on
    /// a real cluster.</summary>
    public string? Evidence { get; init; }
}

/// <summary>The run as a whole.</summary>
/// <param name="Kind"><c>waiting</c>, <c>undecided</c>, <c>balanced</c>, <c>failing</c>, <c>skewed</c> or
/// <c>recovered</c>.</param>
/// <param name="Title">The result in one line.</param>
/// <param name="Verdict">The verdict on delivery at the end, in words.</param>
public sealed record ResultInfo(string Kind, string Title, string Verdict);

/// <param name="CiliumVersion">Version of the agents; null when unknown.</param>
/// <param name="ClientPod">The load-test Pod.</param>
/// <param name="Settings">Data of kube-system/cilium-config.</param>
public sealed record ClusterInfo(
    string? CiliumVersion,
    string ClientPod,
    string ClientNode,
    ImmutableSortedDictionary<string, string> Settings
)
{
    /// <summary>What a reader must know first: that it is an emulation, and of what; empty on a real cluster.</summary>
    public string Notice { get; init; } = "";

    /// <summary><c>emulated</c>, <c>kind</c> or <c>existing</c>; null in reports of earlier versions.</summary>
    public string? Kind { get; init; }

    /// <summary>Version of the API server; null when unknown.</summary>
    public string? Kubernetes { get; init; }

    /// <summary>Versions of the nodes; empty when unknown.</summary>
    public ImmutableArray<NodeVersions> Nodes { get; init; } = [];
}

public sealed record LoadInfo(string Method, string Url, double RatePerSecond)
{
    /// <summary>Connections that were kept open; 0: a fresh one for each request.</summary>
    public int KeptConnections { get; init; }

    /// <summary>Whether requests were sent by HTTP/2, many at a time on each kept connection.</summary>
    public bool Http2 { get; init; }

    /// <summary>The connections in words.</summary>
    [JsonIgnore]
    public string Connections => ConnectionText.Of(KeptConnections, Http2);

    /// <summary>Requested client ports; null: random ones.</summary>
    public string? Ports { get; init; }
}

/// <summary>The requests of a whole run.</summary>
/// <param name="Requests">Requests sent.</param>
/// <param name="NotSent">Requests that were due and not sent.</param>
/// <param name="Ok">Successes (<see cref="ResponseStatus.IsSuccess"/>).</param>
/// <param name="Failures">Everything else, unanswered requests included.</param>
public sealed record TotalsInfo(long Requests, long NotSent, long Ok, long Failures);

/// <summary>Something done to the cluster.</summary>
/// <param name="At">When, s.</param>
public sealed record EventInfo(string Name, double At);

/// <summary>A finding of the quality gate.</summary>
/// <param name="Fails">Whether it forbids a verdict.</param>
public sealed record QualityInfo(bool Fails, string Text);

/// <summary>An episode of skewed delivery.</summary>
/// <param name="At">When it began; null when no observation followed.</param>
/// <param name="AlarmAt">When it was known.</param>
/// <param name="ErrorProbability">Probability that the alarm is false.</param>
/// <param name="Events">The recorded events that may be its cause; empty for none.</param>
public sealed record OnsetInfo(double? At, double AlarmAt, double ErrorProbability, ImmutableArray<string> Events)
{
    /// <summary>First and last moment at which it may have begun: evidence within a twentieth of the best, which is not
    /// a confidence interval. Null when unknown.</summary>
    public SupportInfo? Support { get; init; }

    /// <summary><c>open</c>, <c>recovered</c> (a later segment was found even) or <c>backends-changed</c>.</summary>
    public string End { get; init; } = "open";

    /// <summary>When the end was established; null while open or unknown.</summary>
    public double? EndAt { get; init; }
}

/// <summary>A stretch of time.</summary>
/// <param name="From">First moment, s.</param>
/// <param name="To">Last moment, s.</param>
public sealed record SupportInfo(double From, double To);

/// <summary>A named mechanism.</summary>
/// <param name="Name">Name, or <c>unknown</c>.</param>
/// <param name="Hop">Where on the path; empty when there is nothing to name.</param>
/// <param name="Supports">Observations that support it.</param>
/// <param name="Refutes">What would refute it.</param>
/// <param name="Remedies">What helps.</param>
/// <param name="Links">URLs for further reading.</param>
public sealed record DiagnosisInfo(
    string Name,
    string Sentence,
    string Hop,
    ImmutableArray<string> Supports,
    ImmutableArray<string> Refutes,
    ImmutableArray<string> Remedies,
    ImmutableArray<string> Links
);

/// <summary>Two counts of the same thing.</summary>
/// <param name="What">What is counted.</param>
/// <param name="Left">Whose the first count is.</param>
/// <param name="Right">Whose the second count is.</param>
/// <param name="Difference">Second minus first.</param>
/// <param name="Explanation">Why the counts relate as they do, and what a difference would mean; may be empty.</param>
public sealed record ReconciliationInfo(
    string What,
    string Left,
    double LeftCount,
    string Right,
    double RightCount,
    double Difference,
    string Explanation
);

/// <summary>An expectation of the scenario.</summary>
/// <param name="Holds">Whether it was reproduced.</param>
public sealed record ExpectationInfo(string What, bool Holds, string Observed);
