using System.Collections.Immutable;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.Measurement.Reports.Document;

public sealed record PhaseInfo
{
    public required string Name { get; init; }

    /// <summary>
    /// Whether its shares are evaluated; false for a stretch in which backends or policies were changing, or no Pod was
    /// ready.
    /// </summary>
    public bool IsEvaluated { get; init; } = true;

    /// <summary>Start, s.</summary>
    public required double Start { get; init; }

    /// <summary>Length, s.</summary>
    public required double Seconds { get; init; }

    /// <summary>Requests that started in it.</summary>
    public required long Requests { get; init; }

    /// <summary>Requests that were due and not sent; not part of <see cref="Requests"/>.</summary>
    public long NotSent { get; init; }

    /// <summary>Successes (<see cref="ResponseStatus.IsSuccess"/>).</summary>
    public required long Ok { get; init; }

    /// <summary>Everything else, unanswered requests included.</summary>
    public required long Failures { get; init; }

    /// <summary>Answers by HTTP status.</summary>
    public required ImmutableSortedDictionary<int, long> ByStatus { get; init; }

    /// <summary>Requests without an answer, by kind.</summary>
    public required ImmutableSortedDictionary<string, long> Unanswered { get; init; }

    /// <summary>Success rate of all requests.</summary>
    public required IntervalInfo SuccessRate { get; init; }

    /// <summary>Latency; null without a request.</summary>
    public required LatencySummary? Latency { get; init; }

    /// <summary>Where HTTP rules applied when the phase ended.</summary>
    public required HttpRulesInfo HttpRules { get; init; }

    /// <summary>Verdict on which Pod was chosen.</summary>
    public required VerdictInfo Selection { get; init; }

    /// <summary>Whose counts <see cref="Selection"/> rests on.</summary>
    public required string SelectionSource { get; init; }

    /// <summary>Verdict on where the successes come from.</summary>
    public required VerdictInfo Delivery { get; init; }
    public required ImmutableArray<PodInfo> Pods { get; init; }

    /// <summary>The mechanism; null without a diagnosis.</summary>
    public required DiagnosisInfo? Diagnosis { get; init; }

    /// <summary>Chosen Pods by the clients' node; empty when unknown.</summary>
    public ImmutableArray<ClientNodeInfo> ClientNodes { get; init; } = [];

    /// <summary>The share that stays on the clients' node; null when unknown.</summary>
    public LocalityInfo? Locality { get; init; }

    /// <summary>How the requests ended is unknown: all of them are counted as <see cref="Ok"/>.</summary>
    public bool StatusUnknown { get; init; }
}

/// <summary>Where HTTP rules applied.</summary>
/// <param name="Client">On egress of the client.</param>
/// <param name="Backends">On ingress of the backends.</param>
public sealed record HttpRulesInfo(bool Client, bool Backends);

/// <summary>The share that stays on the clients' node.</summary>
/// <param name="Share">Observed.</param>
/// <param name="Expected">What the expected shares give for the same clients.</param>
public sealed record LocalityInfo(IntervalInfo Share, double Expected);

/// <summary>What the clients of one node chose.</summary>
/// <param name="ByPod">Connections (requests, on a cluster that is only observed) by Pod name.</param>
/// <param name="Unattributed">Those whose Pod is unknown.</param>
/// <param name="Verdict">Verdict on this row; all rows together are wrong with the error probability of a
/// verdict.</param>
public sealed record ClientNodeInfo(
    string Node,
    ImmutableSortedDictionary<string, long> ByPod,
    long Unattributed,
    VerdictInfo Verdict
);

/// <summary>A Pod in a phase.</summary>
public sealed record PodInfo
{
    public required string Name { get; init; }
    public required string Namespace { get; init; }
    public required string Node { get; init; }

    /// <summary>Whether the load test runs there.</summary>
    public required bool OnClientNode { get; init; }

    /// <summary>Client: successes that name this Pod.</summary>
    public required long Ok { get; init; }

    /// <summary>Client: other answers that name it.</summary>
    public required long Failed { get; init; }

    /// <summary>Backend: requests that reached it.</summary>
    public required double Echo { get; init; }

    /// <summary>Hubble: requests to it, every proxy pass counted.</summary>
    public required double HubbleRequests { get; init; }

    /// <summary>Hubble: successes of it.</summary>
    public required double HubbleOk { get; init; }

    /// <summary>Hubble: 5xx attributed to this Pod, including those that a proxy generated.</summary>
    public required double HubbleServerErrors { get; init; }

    /// <summary>The part of them that the proxy of the client's node counted.</summary>
    public required double ClientProxyErrors { get; init; }

    /// <summary>Expected share of the connections.</summary>
    public required double Expected { get; init; }

    /// <summary>Share of the connections that chose it.</summary>
    public required IntervalInfo SelectionShare { get; init; }

    /// <summary>Share of the successes.</summary>
    public required IntervalInfo DeliveryShare { get; init; }

    /// <summary>Success rate of the requests that chose it; covers every way in which requests of unknown backend may
    /// belong here.</summary>
    public required IntervalInfo SuccessRate { get; init; }

    /// <summary><c>namespace/pod</c>, as Hubble names it.</summary>
    public string HubbleName => $"{Namespace}/{Name}";
}
