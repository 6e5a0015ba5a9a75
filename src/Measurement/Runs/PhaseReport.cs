using System.Collections.Immutable;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Runs;

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
    string Name,
    double Seconds,
    long Requests,
    ImmutableSortedDictionary<int, long> ByStatus,
    ImmutableSortedDictionary<string, long> Unanswered,
    ImmutableArray<PodPhase> Pods,
    Verdict Selection,
    string SelectionSource,
    Delivery Delivery
)
{
    /// <summary>Nobody knows how the requests ended (only the backends' own counters are there): all of them are taken for answered.</summary>
    public bool StatusUnknown { get; init; }

    /// <summary>2xx answers.</summary>
    public long Ok => StatusUnknown ? Requests : ByStatus.Where(s => s.Key is >= 200 and < 300).Sum(s => s.Value);

    /// <summary>5xx answers.</summary>
    public long ServerErrors => ByStatus.Where(s => s.Key >= 500).Sum(s => s.Value);

    /// <summary>Everything that is not a 2xx, unanswered requests included.</summary>
    public long Failures => Requests - Ok;

    /// <summary>Requests that were due in it and not sent, because too many were under way; none of <see cref="Requests"/>.</summary>
    public long NotSent { get; init; }

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
