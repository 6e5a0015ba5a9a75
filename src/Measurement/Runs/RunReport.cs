using System.Collections.Immutable;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Measurement.Runs;

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
    string Scenario,
    string Title,
    string Source,
    double RatePerSecond,
    string ClientPod,
    string ClientNode,
    ImmutableArray<PhaseReport> Phases,
    SkewStatus Status,
    DiagnosisResult Diagnosis,
    ImmutableArray<ReconciliationLine> Reconciliation,
    ImmutableArray<ExpectationResult> Expectations,
    ImmutableSortedDictionary<string, string> Settings
)
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
