using System.Collections.Immutable;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Runs;

public sealed record PhaseReport
{
    /// <summary>Name, from the scenario.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Whether its shares are evaluated. False for a stretch in which backends or policies were changing, or no Pod was
    /// ready: its requests are counted, and nothing is concluded from their shares.
    /// </summary>
    public bool IsEvaluated { get; init; } = true;

    /// <summary>Whether the run ended early in it, so that its counts are incomplete.</summary>
    public bool IsCutOff { get; init; }

    /// <summary>Why the machine of the lab could not keep up, so that nothing is concluded; null: it could.</summary>
    public string? MachineGate { get; init; }

    /// <summary>Start, s since the load began.</summary>
    public double Start { get; init; }

    /// <summary>Length, s.</summary>
    public required double Seconds { get; init; }

    /// <summary>Requests that started in it.</summary>
    public required long Requests { get; init; }

    /// <summary>Requests that were due and not sent, because too many were in flight; not part of
    /// <see cref="Requests"/>.</summary>
    public long NotSent { get; init; }

    /// <summary>Answers by HTTP status.</summary>
    public ImmutableSortedDictionary<int, long> ByStatus { get; init; } = ImmutableSortedDictionary<int, long>.Empty;

    /// <summary>Requests without an answer, by kind.</summary>
    public ImmutableSortedDictionary<string, long> Unanswered { get; init; } =
        ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>How the requests ended is unknown, because only the backend counts exist: all are taken for
    /// answered.</summary>
    public bool StatusUnknown { get; init; }
    public required ImmutableArray<PodPhase> Pods { get; init; }

    /// <summary>Verdict on which Pod was chosen.</summary>
    public required Verdict Selection { get; init; }

    /// <summary>Whose counts <see cref="Selection"/> rests on: Hubble's where the client cannot see the Pod.</summary>
    public required string SelectionSource { get; init; }

    /// <summary>Verdict on where the successes come from, and success rates.</summary>
    public required Delivery Delivery { get; init; }

    /// <summary>Latency; null without a request.</summary>
    public LatencySummary? Latency { get; init; }

    /// <summary>
    /// Whether HTTP rules applied to egress of the client and to ingress of the backends while the phase lasted.
    /// </summary>
    public (bool Client, bool Backends) HttpRules { get; init; }

    /// <summary>The mechanism seen in this phase; null before the diagnosis.</summary>
    public DiagnosisResult? Diagnosis { get; init; }

    /// <summary>Chosen Pods by the clients' node: one node's stale service map disappears in the aggregate.</summary>
    public ImmutableArray<ClientNodeRow> ClientNodes { get; init; } = [];

    /// <summary>The share that stays on the clients' node; null when unknown.</summary>
    public Locality? Locality { get; init; }

    /// <summary>Successes (<see cref="ResponseStatus.IsSuccess"/>).</summary>
    public long Ok => StatusUnknown ? Requests : ByStatus.Where(s => ResponseStatus.IsSuccess(s.Key)).Sum(s => s.Value);

    /// <summary>5xx answers.</summary>
    public long ServerErrors => ByStatus.Where(s => s.Key >= 500).Sum(s => s.Value);

    /// <summary>Everything that is not a success, unanswered requests included.</summary>
    public long Failures => Requests - Ok;
}
