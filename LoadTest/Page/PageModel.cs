using System.Collections.Immutable;
using System.Text.Json.Serialization;
using CiliumDebugging.LoadTest.Report.Document;
using CiliumDebugging.LoadTest.Views;

namespace CiliumDebugging.LoadTest.Page;

/// <summary>What changes seldom: sent when it changes.</summary>
/// <param name="Host">Which host and cluster this is, in a few words.</param>
/// <param name="Scenarios">What can be run.</param>
/// <param name="Policies">The policies of the current scenario.</param>
/// <param name="Pods">Every backend Pod, for those who delete one.</param>
/// <param name="Reports">Reports written so far, newest first.</param>
public sealed record LabInfo(
    string Host, ImmutableArray<ScenarioChoice> Scenarios, ImmutableArray<PolicyCard> Policies, ImmutableArray<BackendPod> Pods, ImmutableArray<SavedReport> Reports)
{
    /// <summary>Nothing is known yet.</summary>
    public static LabInfo Empty { get; } = new("", [], [], [], []);
}

/// <summary>A scenario that can be run.</summary>
/// <param name="Name">Name.</param>
/// <param name="Title">One line.</param>
public sealed record ScenarioChoice(string Name, string Title);

/// <summary>A policy file.</summary>
/// <param name="Id">Its file name.</param>
/// <param name="Objects">The objects in it, as <c>kind namespace/name</c>.</param>
/// <param name="Yaml">Its text.</param>
/// <param name="Applied">Whether all its objects are in the cluster.</param>
public sealed record PolicyCard(string Id, string Objects, string Yaml, bool Applied);

/// <summary>A report on disk.</summary>
/// <param name="Id">Name of its folder.</param>
/// <param name="Diagnosis">What it found.</param>
public sealed record SavedReport(string Id, string Diagnosis)
{
    /// <summary>The folder. Not for pages.</summary>
    [JsonIgnore]
    public string Folder { get; init; } = "";
}

/// <summary>The state of the lab at one moment: sent every second while there is load.</summary>
/// <param name="At">s since the load began.</param>
/// <param name="Activity">
/// <c>idle</c>, <c>starting</c>, <c>running</c>, <c>ended</c>, or <c>watching</c> while a Service is only observed.
/// </param>
/// <param name="Step">What is being done.</param>
/// <param name="Scenario">Name of the scenario.</param>
/// <param name="Title">Its title.</param>
/// <param name="ByHand">Whether changes are the operator's.</param>
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
public sealed record LabState(
    double At, string Activity, string Step, string Scenario, string Title, bool ByHand, double RatePerSecond, ClientPlace Client, long Requests, Situation Situation,
    ImmutableArray<PageRow> Rows, bool Grouped, HttpRulesInfo HttpRules, PageVerdict? Verdict, DiagnosisInfo? Diagnosis,
    ImmutableArray<ReconciliationInfo> Reconciliation, ImmutableArray<EventInfo> Events)
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
    public static LabState Empty { get; } = new(0, "idle", "", "", "", false, 0, new ClientPlace("", ""), 0, Situation.None, [], false, new HttpRulesInfo(false, false), null, null, [], []);
}

/// <summary>The load-test Pod.</summary>
/// <param name="Pod">Its name.</param>
/// <param name="Node">Its node.</param>
public sealed record ClientPlace(string Pod, string Node);

/// <summary>A Pod, or several of one node.</summary>
/// <param name="Key"><c>namespace/pod</c>, or the node.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Node">Its node.</param>
/// <param name="OnClientNode">Whether the load test runs there.</param>
/// <param name="Pods">Number of Pods.</param>
/// <param name="State"><c>answers</c>, <c>short</c> (less than half of what it should) or <c>silent</c>.</param>
/// <param name="OkPerSecond">Client: 2xx per second over the last seconds.</param>
/// <param name="FailedPerSecond">5xx in its name per second: those that it gave, and those that a proxy gave (Hubble).</param>
/// <param name="EchoPerSecond">Backend: requests per second.</param>
/// <param name="HubblePerSecond">Hubble: requests per second, every proxy pass counted.</param>
/// <param name="Share">Share of the phase's successes; null without one.</param>
/// <param name="ShareLower">Lower end of its interval.</param>
/// <param name="ShareUpper">Upper end.</param>
/// <param name="Expected">Expected share.</param>
/// <param name="P50Ms">Median latency of the last answers, ms; null without one.</param>
/// <param name="P99Ms">99 %, ms.</param>
public sealed record PageRow(
    string Key, string Name, string Node, bool OnClientNode, int Pods, string State, double OkPerSecond, double FailedPerSecond, double EchoPerSecond, double HubblePerSecond,
    double? Share, double? ShareLower, double? ShareUpper, double Expected, double? P50Ms, double? P99Ms);

/// <summary>A verdict with its evidence.</summary>
/// <param name="Kind"><c>even</c>, <c>skewed</c> or <c>undecided</c>.</param>
/// <param name="Text">In one line.</param>
/// <param name="LogSkewed">ln e-value of "skewed".</param>
/// <param name="LogEven">ln e-value of "even".</param>
/// <param name="LogThreshold">ln(1/α): enough for a decision.</param>
/// <param name="Connections">Observations judged.</param>
/// <param name="Further">Expected further connections to a decision; null when none is in sight.</param>
/// <param name="MaxOverMean">Load of the busiest Pod relative to its fair load; null without data.</param>
/// <param name="EffectiveBackends">Number of equally loaded Pods that would concentrate the load as much; null without data.</param>
public sealed record PageVerdict(
    string Kind, string Text, double LogSkewed, double LogEven, double LogThreshold, long Connections, long? Further, double? MaxOverMean, double? EffectiveBackends);

/// <summary>What the client sees of one Pod right now.</summary>
/// <param name="Pod">The Pod; null: answers that name none.</param>
/// <param name="OkPerSecond">2xx per second over the last seconds.</param>
/// <param name="FailedPerSecond">Other answers per second.</param>
/// <param name="P50Ms">Median latency of the last answers, ms; null without one.</param>
/// <param name="P99Ms">99 %, ms.</param>
public sealed record PodRate(BackendPod? Pod, double OkPerSecond, double FailedPerSecond, double? P50Ms = null, double? P99Ms = null);

/// <summary>What the client sees right now.</summary>
/// <param name="At">s since the load began.</param>
/// <param name="Requests">Requests with an outcome.</param>
/// <param name="Pods">Per Pod, and answers without one.</param>
public sealed record LiveRates(double At, long Requests, ImmutableArray<PodRate> Pods)
{
    /// <summary>Nothing yet.</summary>
    public static LiveRates None { get; } = new(0, 0, []);

    /// <summary>Answers by Pod and status since the load began.</summary>
    public ImmutableArray<ResponseCount> Responses { get; init; } = [];

    /// <summary>What the rates are averages over, s.</summary>
    public double Window { get; init; } = 2.5;

    /// <summary>All 2xx per second.</summary>
    public double OkPerSecond => Pods.Sum(p => p.OkPerSecond);

    /// <summary>All other answers per second.</summary>
    public double FailedPerSecond => Pods.Sum(p => p.FailedPerSecond);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(LabInfo))]
[JsonSerializable(typeof(LabState))]
[JsonSerializable(typeof(LabCommand))]
internal sealed partial class PageJson : JsonSerializerContext;
