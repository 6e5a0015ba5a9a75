using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Reports.Document;

/// <summary>
/// <c>report.json</c>: a run as it is saved and shared, documented in docs/report-schema.md. It has types of its own, so that what is saved changes only on purpose.
/// Times are seconds since the load began unless a name says otherwise; rates are per second; shares are 0 to 1; a value that is not known is null.
/// </summary>
/// <param name="Schema">Always <see cref="SchemaName"/>.</param>
/// <param name="Version">Version of the schema: <see cref="SchemaVersion"/>. A field that is added leaves it, one that changes or goes raises it.</param>
/// <param name="Scenario">The scenario.</param>
/// <param name="StartedAt">When the load began.</param>
/// <param name="Environment">Where the lab ran.</param>
/// <param name="Cluster">The cluster.</param>
/// <param name="Load">The load.</param>
/// <param name="Steps">The steps taken, one line each.</param>
/// <param name="Events">What was done to the cluster under load.</param>
/// <param name="Phases">The phases, in order; at least one.</param>
/// <param name="Onsets">Episodes of skewed delivery.</param>
/// <param name="Diagnosis">The mechanism, as seen in the last phase.</param>
/// <param name="Reconciliation">The three views against each other.</param>
/// <param name="Expectations">What the scenario expects.</param>
/// <param name="Series">The counters over time.</param>
public sealed record ReportDocument(
    string Schema,
    int Version,
    ScenarioInfo Scenario,
    DateTimeOffset StartedAt,
    RunEnvironment Environment,
    ClusterInfo Cluster,
    LoadInfo Load,
    ImmutableArray<string> Steps,
    ImmutableArray<EventInfo> Events,
    ImmutableArray<PhaseInfo> Phases,
    ImmutableArray<OnsetInfo> Onsets,
    DiagnosisInfo Diagnosis,
    ImmutableArray<ReconciliationInfo> Reconciliation,
    ImmutableArray<ExpectationInfo> Expectations,
    SeriesInfo Series
)
{
    /// <summary>What <see cref="Schema"/> says.</summary>
    public const string SchemaName = "cilium-debugging/report";

    /// <summary>The version this program writes and reads.</summary>
    public const int SchemaVersion = 1;

    /// <summary>What a reader must know before believing the verdict, on a cluster that is only observed; empty for a run of a scenario.</summary>
    public ImmutableArray<QualityInfo> Quality { get; init; } = [];

    /// <summary>Names and addresses were replaced, for sharing.</summary>
    public bool Redacted { get; init; }

    /// <summary>Whether every expectation holds.</summary>
    public bool Holds => Expectations.All(e => e.Holds);

    /// <summary>Whether the three views agree exactly.</summary>
    public bool Reconciles => Reconciliation.All(r => r.Difference == 0);
}

/// <summary>The scenario.</summary>
/// <param name="Name">Name.</param>
/// <param name="Title">One line.</param>
/// <param name="Source">Where the bug is described; may be empty.</param>
public sealed record ScenarioInfo(string Name, string Title, string Source);

/// <summary>The cluster.</summary>
/// <param name="CiliumVersion">Version of the agents; null when unknown.</param>
/// <param name="ClientPod">The load-test Pod.</param>
/// <param name="ClientNode">Its node.</param>
/// <param name="Settings">Data of kube-system/cilium-config.</param>
public sealed record ClusterInfo(
    string? CiliumVersion,
    string ClientPod,
    string ClientNode,
    ImmutableSortedDictionary<string, string> Settings
)
{
    /// <summary>Version of the API server; null when it was not asked.</summary>
    public string? Kubernetes { get; init; }

    /// <summary>Versions of the nodes; empty when they were not asked.</summary>
    public ImmutableArray<NodeVersions> Nodes { get; init; } = [];
}

/// <summary>The load.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Url">Target.</param>
/// <param name="RatePerSecond">Requests per second.</param>
public sealed record LoadInfo(string Method, string Url, double RatePerSecond)
{
    /// <summary>Connections that were kept open; 0: a fresh one for each request.</summary>
    public int KeptConnections { get; init; }

    /// <summary>Client ports that were asked for; null: random ones.</summary>
    public string? Ports { get; init; }
}

/// <summary>Something done to the cluster.</summary>
/// <param name="Name">What.</param>
/// <param name="At">When, s.</param>
public sealed record EventInfo(string Name, double At);

/// <summary>A proportion with an interval that holds at every moment one looks.</summary>
/// <param name="Estimate">Observed; null without an observation.</param>
/// <param name="Lower">Lower end.</param>
/// <param name="Upper">Upper end.</param>
public sealed record IntervalInfo(double? Estimate, double Lower, double Upper);

/// <summary>A verdict.</summary>
/// <param name="Kind"><c>even</c>, <c>skewed</c> or <c>undecided</c>.</param>
/// <param name="Text">The verdict in one line.</param>
/// <param name="ErrorProbability">Probability that a decision like this is wrong; null where none can be given.</param>
/// <param name="Tolerance">Tolerance, a fraction of the expected share.</param>
/// <param name="Connections">Observations judged.</param>
/// <param name="Unattributed">Those whose backend is unknown.</param>
/// <param name="FurtherConnections">Expected further connections to a decision; 0 when decided; null when none is in sight.</param>
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
    /// <summary>How uneven the shares are, in four customary numbers; null without an observation or an expected backend.</summary>
    public MeasuresInfo? Measures { get; init; }

    /// <summary>Scrape intervals the counts come from: the error probability and the intervals are asymptotic then. 0 where single connections were observed.</summary>
    public long ScrapeIntervals { get; init; }
}

/// <summary>How uneven shares are. The intervals follow from the simultaneous intervals of the shares and hold together with them.</summary>
/// <param name="MaxOverMean">Load of the busiest backend over its fair load; 1 is even.</param>
/// <param name="Jain">Jain's fairness index; 1 is even.</param>
/// <param name="TotalVariation">Fraction of the connections that would have to move; 0 is even.</param>
/// <param name="EffectiveBackends">Equally loaded backends that would concentrate the load as much.</param>
public sealed record MeasuresInfo(
    IntervalInfo MaxOverMean,
    IntervalInfo Jain,
    IntervalInfo TotalVariation,
    IntervalInfo EffectiveBackends
);

/// <summary>The share that stays on the clients' node.</summary>
/// <param name="Share">Observed.</param>
/// <param name="Expected">What the expected shares give for the same clients.</param>
public sealed record LocalityInfo(IntervalInfo Share, double Expected);

/// <summary>What the clients of one node chose.</summary>
/// <param name="Node">The node.</param>
/// <param name="ByPod">Connections (requests, on a cluster that is only observed) by Pod name.</param>
/// <param name="Unattributed">Those whose Pod is unknown.</param>
/// <param name="Verdict">Verdict on this row; all rows together are wrong with the error probability of a verdict.</param>
public sealed record ClientNodeInfo(
    string Node,
    ImmutableSortedDictionary<string, long> ByPod,
    long Unattributed,
    VerdictInfo Verdict
);

/// <summary>A finding of the quality gate.</summary>
/// <param name="Fails">Whether it forbids a verdict.</param>
/// <param name="Text">What it is.</param>
public sealed record QualityInfo(bool Fails, string Text);

/// <summary>A Pod in a phase.</summary>
/// <param name="Name">Pod.</param>
/// <param name="Namespace">Namespace.</param>
/// <param name="Node">Node.</param>
/// <param name="OnClientNode">Whether the load test runs there.</param>
/// <param name="Ok">Client: 2xx that name this Pod.</param>
/// <param name="Failed">Client: other answers that name it.</param>
/// <param name="Echo">Backend: requests that reached it.</param>
/// <param name="HubbleRequests">Hubble: requests to it, every proxy pass counted.</param>
/// <param name="HubbleOk">Hubble: 2xx of it.</param>
/// <param name="HubbleServerErrors">Hubble: 5xx in its name, also a proxy's own.</param>
/// <param name="ClientProxyErrors">Hubble: those of them that the proxy of the client's node counted.</param>
/// <param name="Expected">Expected share of the connections.</param>
/// <param name="SelectionShare">Share of the connections that chose it.</param>
/// <param name="DeliveryShare">Share of the successes.</param>
/// <param name="SuccessRate">Success rate of the requests that chose it; covers every way in which requests of unknown backend may belong here.</param>
public sealed record PodInfo(
    string Name,
    string Namespace,
    string Node,
    bool OnClientNode,
    long Ok,
    long Failed,
    double Echo,
    double HubbleRequests,
    double HubbleOk,
    double HubbleServerErrors,
    double ClientProxyErrors,
    double Expected,
    IntervalInfo SelectionShare,
    IntervalInfo DeliveryShare,
    IntervalInfo SuccessRate
)
{
    /// <summary><c>namespace/pod</c>, as Hubble names it.</summary>
    public string HubbleName => $"{Namespace}/{Name}";
}

/// <summary>Where HTTP rules stood.</summary>
/// <param name="Client">On egress of the client.</param>
/// <param name="Backends">On ingress of the backends.</param>
public sealed record HttpRulesInfo(bool Client, bool Backends);

/// <summary>A phase.</summary>
/// <param name="Name">Name.</param>
/// <param name="Start">Start, s.</param>
/// <param name="Seconds">Length, s.</param>
/// <param name="Requests">Requests that started in it.</param>
/// <param name="Ok">2xx answers.</param>
/// <param name="Failures">Everything else, unanswered requests included.</param>
/// <param name="ByStatus">Answers by HTTP status.</param>
/// <param name="Unanswered">Requests without an answer, by kind.</param>
/// <param name="SuccessRate">Success rate of all requests.</param>
/// <param name="Latency">Latency; null without a request.</param>
/// <param name="HttpRules">Where HTTP rules stood when it ended.</param>
/// <param name="Selection">Verdict on which Pod was chosen.</param>
/// <param name="SelectionSource">The view <paramref name="Selection"/> comes from.</param>
/// <param name="Delivery">Verdict on where the successes come from.</param>
/// <param name="Pods">The Pods.</param>
/// <param name="Diagnosis">The mechanism; null where none was asked for.</param>
public sealed record PhaseInfo(
    string Name,
    double Start,
    double Seconds,
    long Requests,
    long Ok,
    long Failures,
    ImmutableSortedDictionary<int, long> ByStatus,
    ImmutableSortedDictionary<string, long> Unanswered,
    IntervalInfo SuccessRate,
    LatencySummary? Latency,
    HttpRulesInfo HttpRules,
    VerdictInfo Selection,
    string SelectionSource,
    VerdictInfo Delivery,
    ImmutableArray<PodInfo> Pods,
    DiagnosisInfo? Diagnosis
)
{
    /// <summary>Chosen Pods by the clients' node; empty when unknown.</summary>
    public ImmutableArray<ClientNodeInfo> ClientNodes { get; init; } = [];

    /// <summary>The share that stays on the clients' node; null when unknown.</summary>
    public LocalityInfo? Locality { get; init; }

    /// <summary>Nobody knows how the requests ended: all of them are counted as <see cref="Ok"/>.</summary>
    public bool StatusUnknown { get; init; }
}

/// <summary>An episode of skewed delivery.</summary>
/// <param name="At">When it began; null when no observation followed.</param>
/// <param name="AlarmAt">When it was known.</param>
/// <param name="ErrorProbability">Probability that the alarm is false.</param>
/// <param name="Events">The recorded events that may be its cause; empty for none.</param>
public sealed record OnsetInfo(double? At, double AlarmAt, double ErrorProbability, ImmutableArray<string> Events)
{
    /// <summary>First and last moment at which it may have begun (evidence within a twentieth of the best; no confidence interval); null when unknown.</summary>
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
/// <param name="Sentence">One sentence.</param>
/// <param name="Hop">Where on the path; empty when there is nothing to name.</param>
/// <param name="Supports">Observations that support it.</param>
/// <param name="Refutes">What would refute it.</param>
/// <param name="Remedies">What helps.</param>
/// <param name="Links">Where to read on.</param>
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
/// <param name="Left">Name of the first count.</param>
/// <param name="LeftCount">The first count.</param>
/// <param name="Right">Name of the second.</param>
/// <param name="RightCount">The second count.</param>
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
/// <param name="What">The expectation.</param>
/// <param name="Holds">Whether it holds.</param>
/// <param name="Observed">What was observed.</param>
public sealed record ExpectationInfo(string What, bool Holds, string Observed);

/// <summary>Cumulative counters over time, since the load began.</summary>
/// <param name="IntervalSeconds">Time between two samples, about, s.</param>
/// <param name="Missed">Samples that could not be taken.</param>
/// <param name="At">Times of the samples.</param>
/// <param name="Pods">Counts of each Pod, each list as long as <paramref name="At"/>.</param>
public sealed record SeriesInfo(
    double IntervalSeconds,
    int Missed,
    ImmutableArray<double> At,
    ImmutableArray<PodSeries> Pods
);

/// <summary>The counts of one Pod. Null before the Pod was first seen.</summary>
/// <param name="Pod"><c>namespace/pod</c>.</param>
/// <param name="Echo">Backend: echo requests.</param>
/// <param name="Requests">Hubble: HTTP requests to it.</param>
/// <param name="Responses">Hubble: HTTP responses in its name by status.</param>
public sealed record PodSeries(
    string Pod,
    ImmutableArray<double?> Echo,
    ImmutableArray<double?> Requests,
    ImmutableSortedDictionary<int, ImmutableArray<double?>> Responses
);
