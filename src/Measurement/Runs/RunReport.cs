using System.Collections.Immutable;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Runs;

/// <summary>A line of the reconciliation: two counts of the same thing.</summary>
/// <param name="What">What is counted.</param>
/// <param name="Left">Whose the first count is.</param>
/// <param name="Right">Whose the second count is.</param>
public sealed record ReconciliationLine(string What, string Left, double LeftCount, string Right, double RightCount)
{
    /// <summary>Why the two counts relate as they do, and what a difference means.</summary>
    public string Explanation { get; init; } = "";

    /// <summary>Second minus first; 0 when they agree.</summary>
    public double Difference => RightCount - LeftCount;
}

/// <summary>Whether one expectation of the scenario was reproduced.</summary>
/// <param name="Observed">What was observed instead, or in support of it.</param>
public sealed record ExpectationResult(string What, bool Holds, string Observed);

/// <summary>Why a run ended before its last step.</summary>
/// <param name="Reason">What happened, without a full stop: the run was interrupted, a Pod was killed.</param>
/// <param name="IsInterruption">Whether the user ended it; otherwise something failed.</param>
public sealed record EarlyEnd(string Reason, bool IsInterruption)
{
    /// <summary>A signal or a key ended the run.</summary>
    public static EarlyEnd Interrupted { get; } = new("the run was interrupted", IsInterruption: true);

    /// <summary>The user ended the run while requests had no outcome yet.</summary>
    public static EarlyEnd InterruptedWith(long inFlight) =>
        inFlight <= 0
            ? Interrupted
            : Interrupted with
            {
                Reason = $"{Interrupted.Reason} with {inFlight} request{(inFlight == 1 ? "" : "s")} in flight",
            };
}

public sealed record RunReport
{
    /// <summary>Name of the scenario.</summary>
    public required string Scenario { get; init; }
    public required string Title { get; init; }

    /// <summary>URL of the bug's description; may be empty.</summary>
    public string Source { get; init; } = "";

    /// <summary>Requests per second.</summary>
    public required double RatePerSecond { get; init; }

    /// <summary>The load-test Pod.</summary>
    public required string ClientPod { get; init; }
    public required string ClientNode { get; init; }

    /// <summary>
    /// The phases in order, those between the scenario's phases (<see cref="PhaseReport.IsEvaluated"/>) included: every
    /// request of the run belongs to exactly one.
    /// </summary>
    public required ImmutableArray<PhaseReport> Phases { get; init; }

    /// <summary>
    /// Why this is only a part of the run; null: it is complete. The phases that were complete are evaluated as ever,
    /// counts are not reconciled, and what was under way when it ended is not part of any conclusion.
    /// </summary>
    public EarlyEnd? EndedEarly { get; init; }

    /// <summary>
    /// Whether the operator makes the changes. Nothing is expected of such a run, and it says what its latest phase
    /// shows.
    /// </summary>
    public bool IsManual { get; init; }

    /// <summary>
    /// Why the machine of the lab could not keep up with the load, with the numbers: the run is undecided then, and no
    /// mechanism is named. Null: it could. A manual run recovers from that with its next phase, another one does not:
    /// what it expects is a comparison of its phases.
    /// </summary>
    public string? MachineGate =>
        IsManual
            ? Latest.MachineGate
            : Phases.Where(p => p.IsEvaluated).Select(p => p.MachineGate).FirstOrDefault(g => g is not null);

    /// <summary>
    /// The last phase whose shares are evaluated: the state of the run. The last of all where none is.
    /// </summary>
    public PhaseReport Latest => Phases.LastOrDefault(p => p.IsEvaluated) ?? Phases[^1];

    /// <summary>The requests of the whole run as the client counts them; by default the sum over phases.</summary>
    public RequestTotals Totals
    {
        get => field ?? RequestTotals.Of(Phases);
        init;
    }

    /// <summary>Delivery over the whole run: episodes of skew with their onsets.</summary>
    public required SkewStatus Status { get; init; }

    /// <summary>
    /// The mechanism seen in the last phase; failures while backends were changing, where that shows none.
    /// </summary>
    public required DiagnosisResult Diagnosis { get; init; }

    /// <summary>Client, Hubble and backend counts of the whole run, compared in pairs.</summary>
    public ImmutableArray<ReconciliationLine> Reconciliation { get; init; } = [];
    public ImmutableArray<ExpectationResult> Expectations { get; init; } = [];

    /// <summary>The agents' settings.</summary>
    public ImmutableSortedDictionary<string, string> Settings { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>What someone else needs to repeat the run, and the counters over time.</summary>
    public RunDetails Details { get; init; } = new();

    /// <summary>What a reader must know before believing the verdict, on a cluster that is only observed.</summary>
    public ImmutableArray<QualityFinding> Quality { get; init; } = [];

    /// <summary>On what rests that the emulated release behaves like this; null on a real cluster, which is measured.
    /// </summary>
    public ReleaseEvidence? Evidence { get; init; }

    /// <summary>What a reader must know before everything else; empty on a real cluster.</summary>
    public string Notice =>
        Evidence is ReleaseEvidence.Predicted && Details.Cluster is { IsEmulated: true, CiliumVersion: { } version }
            ? $"{Details.Cluster.Notice}. What it shows for Cilium {version} is predicted by the model, not observed"
            : Details.Cluster.Notice;

    /// <summary>Whether the run showed what its scenario predicts, in words; empty without expectations.</summary>
    public string Reproduced =>
        (EndedEarly?.Reason ?? MachineGate) is { } reason
            ? Reproduction.Incomplete(Scenario, Expectations.Length, reason)
            : Reproduction.Describe(
                Scenario,
                Expectations.Length,
                Expectations.Count(e => e.Holds),
                Totals.Ok,
                Totals.Requests
            );

    /// <summary>Whether client, Hubble and backend counts agree exactly.</summary>
    public bool Reconciles => Reconciliation.All(r => r.Difference == 0);

    /// <summary>
    /// Whether the run is complete, the machine kept up with it, and every expectation was reproduced.
    /// </summary>
    public bool Holds => EndedEarly is null && MachineGate is null && Expectations.All(e => e.Holds);
}
