using System.Collections.Immutable;
using CiliumDebugging.LoadTest.Analysis;
using CiliumDebugging.LoadTest.Diagnosis;
using CiliumDebugging.LoadTest.Observation;
using CiliumDebugging.LoadTest.Views;

namespace CiliumDebugging.LoadTest.Report;

/// <summary>What one Pod did in one phase, in all three views.</summary>
/// <param name="Pod">The Pod.</param>
/// <param name="OnClientNode">Whether the load test runs on the same node.</param>
/// <param name="Ok">Client: 2xx that say they come from this Pod.</param>
/// <param name="Failed">Client: other answers that say they come from this Pod.</param>
/// <param name="HubbleRequests">Hubble: requests to this Pod, every proxy pass counted.</param>
/// <param name="HubbleOk">Hubble: 2xx of this Pod.</param>
/// <param name="HubbleServerErrors">Hubble: 5xx in this Pod's name, also those that a proxy made.</param>
/// <param name="Echo">Backend: requests that reached the Pod.</param>
public sealed record PodPhase(BackendPod Pod, bool OnClientNode, long Ok, long Failed, double HubbleRequests, double HubbleOk, double HubbleServerErrors, double Echo)
{
    /// <summary>Hubble: 5xx in this Pod's name that the proxy of the client's node counted; part of <see cref="HubbleServerErrors"/>.</summary>
    public double ClientProxyErrors { get; init; }

    /// <summary>Client: mean latency of the answers that name this Pod, ms; 0 without one.</summary>
    public double MeanLatencyMs { get; init; }
}

/// <summary>One phase of a run.</summary>
/// <param name="Name">Name, from the scenario.</param>
/// <param name="Seconds">Length, s.</param>
/// <param name="Requests">Requests that started in it.</param>
/// <param name="ByStatus">Their answers by HTTP status.</param>
/// <param name="Unanswered">Those without an answer, by kind.</param>
/// <param name="Pods">Per Pod.</param>
/// <param name="Selection">Verdict on which Pod was chosen (Hubble's view where the client cannot see it).</param>
/// <param name="SelectionSource">Where <paramref name="Selection"/> comes from.</param>
/// <param name="Delivery">Verdict on where the successes come from, and success rates.</param>
public sealed record PhaseReport(
    string Name, double Seconds, long Requests, ImmutableSortedDictionary<int, long> ByStatus, ImmutableSortedDictionary<string, long> Unanswered,
    ImmutableArray<PodPhase> Pods, Verdict Selection, string SelectionSource, Delivery Delivery)
{
    /// <summary>Nobody knows how the requests ended (only the backends' own counters are there): all of them are taken for answered.</summary>
    public bool StatusUnknown { get; init; }

    /// <summary>2xx answers.</summary>
    public long Ok => StatusUnknown ? Requests : ByStatus.Where(s => s.Key is >= 200 and < 300).Sum(s => s.Value);

    /// <summary>5xx answers.</summary>
    public long ServerErrors => ByStatus.Where(s => s.Key >= 500).Sum(s => s.Value);

    /// <summary>Everything that is not a 2xx, unanswered requests included.</summary>
    public long Failures => Requests - Ok;

    /// <summary>Start, s since the load began.</summary>
    public double Start { get; init; }

    /// <summary>Latency; null without a request.</summary>
    public LatencySummary? Latency { get; init; }

    /// <summary>Whether HTTP rules stood on egress of the client and on ingress of the backends when the phase ended.</summary>
    public (bool Client, bool Backends) HttpRules { get; init; }

    /// <summary>The mechanism seen in this phase; null where none was asked for.</summary>
    public DiagnosisResult? Diagnosis { get; init; }

    /// <summary>Chosen Pods by the clients' node: one node's stale service map disappears in the aggregate.</summary>
    public ImmutableArray<ClientNodeRow> ClientNodes { get; init; } = [];

    /// <summary>The share that stays on the clients' node; null when it is not known.</summary>
    public Locality? Locality { get; init; }
}

/// <summary>A line of the reconciliation: two counts of the same thing.</summary>
/// <param name="What">What is counted.</param>
/// <param name="Left">Name of the first count.</param>
/// <param name="LeftCount">The first count.</param>
/// <param name="Right">Name of the second count.</param>
/// <param name="RightCount">The second count.</param>
public sealed record ReconciliationLine(string What, string Left, double LeftCount, string Right, double RightCount)
{
    /// <summary>Why the two counts relate as they do, and what a difference means.</summary>
    public string Explanation { get; init; } = "";

    /// <summary>Second minus first; 0 when they agree.</summary>
    public double Difference => RightCount - LeftCount;
}

/// <summary>Whether one expectation of the scenario holds.</summary>
/// <param name="What">The expectation.</param>
/// <param name="Holds">Whether it holds.</param>
/// <param name="Observed">What was observed.</param>
public sealed record ExpectationResult(string What, bool Holds, string Observed);

/// <summary>A complete run.</summary>
/// <param name="Scenario">Name of the scenario.</param>
/// <param name="Title">Its title.</param>
/// <param name="Source">Where the bug is described.</param>
/// <param name="RatePerSecond">Requests per second.</param>
/// <param name="ClientPod">The load-test Pod.</param>
/// <param name="ClientNode">Its node.</param>
/// <param name="Phases">The phases.</param>
/// <param name="Status">Delivery over the whole run: episodes of skew with their onsets.</param>
/// <param name="Diagnosis">The mechanism.</param>
/// <param name="Reconciliation">The three views against each other over the whole run.</param>
/// <param name="Expectations">The scenario's expectations.</param>
/// <param name="Settings">The agents' settings.</param>
public sealed record RunReport(
    string Scenario, string Title, string Source, double RatePerSecond, string ClientPod, string ClientNode, ImmutableArray<PhaseReport> Phases, SkewStatus Status,
    DiagnosisResult Diagnosis, ImmutableArray<ReconciliationLine> Reconciliation, ImmutableArray<ExpectationResult> Expectations, ImmutableSortedDictionary<string, string> Settings)
{
    /// <summary>Whether the three views agree exactly.</summary>
    public bool Reconciles => Reconciliation.All(r => r.Difference == 0);

    /// <summary>What someone else needs to repeat the run, and the counters over time.</summary>
    public RunDetails Details { get; init; } = RunDetails.Unknown;

    /// <summary>What a reader must know before believing the verdict, on a cluster that is only observed.</summary>
    public ImmutableArray<QualityFinding> Quality { get; init; } = [];

    /// <summary>Whether every expectation holds.</summary>
    public bool Holds => Expectations.All(e => e.Holds);
}
