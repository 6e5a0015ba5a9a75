using System.Collections.Immutable;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.Lab.Running;

/// <summary>What follows from the phases of a run, and what does not.</summary>
internal static class RunConclusion
{
    /// <summary>
    /// A change with this many times the failures of the phase beside it, which are that small a part of its requests,
    /// explains them.
    /// </summary>
    private const int FewFailures = 10;

    /// <summary>
    /// The diagnosis of the last evaluated phase; where it fails to explain a few failures, that of the change in which
    /// the most requests failed; where it finds nothing wrong, that of the phase or the change in which most did.
    /// </summary>
    public static DiagnosisResult Diagnosis(ImmutableArray<PhaseReport> phases)
    {
        if (phases.LastOrDefault(p => p.IsEvaluated) is not { } latest)
            return phases[^1].Diagnosis!;
        if (latest.Diagnosis is { IsMechanism: true })
            return latest.Diagnosis;
        // A change that names nothing lost what the phase before it lost.
        var failed = phases
            .Where(p => p is { IsCutOff: false, MachineGate: null, Failures: > 0 } && !ReferenceEquals(p, latest))
            .Where(p => p.IsEvaluated || p.Diagnosis is { IsMechanism: true })
            .ToList();
        if (latest is { Failures: 0, Diagnosis.Name: EvenRule.Name or DiagnosisResult.UndecidedName })
            return failed.MaxBy(p => p.Failures) is { } worst ? Of(worst) : latest.Diagnosis;
        // A few failures at the edge of a phase are those of the change beside it.
        return
            latest.Failures > 0
            && failed.Where(p => !p.IsEvaluated).MaxBy(p => p.Failures) is { } change
            && FewFailures * latest.Failures < Math.Min(change.Failures, latest.Requests)
            && latest.Delivery.Successes.Kind is not VerdictKind.Skewed
            ? change.Diagnosis!
            : latest.Diagnosis!;
    }

    /// <summary>The diagnosis of a phase that is not the last one, which says so.</summary>
    private static DiagnosisResult Of(PhaseReport phase) =>
        phase.IsEvaluated
            ? phase.Diagnosis! with
            {
                Sentence = $"Phase {phase.Name}: {phase.Diagnosis.Sentence}",
            }
            : phase.Diagnosis!;

    /// <summary>The episodes that were known at the end of a phase; none without a phase.</summary>
    public static SkewStatus Until(SkewStatus status, PhaseReport? last)
    {
        var end = last is null ? 0 : last.Start + last.Seconds;
        ImmutableArray<SkewEpisode> known = [.. status.Episodes.Where(e => e.AlarmAt.TotalSeconds <= end)];
        return status with
        {
            Episodes = known,
            EpisodesTotal = known.Length,
            State = known is [.., { End: EpisodeEnd.Open }] ? VerdictKind.Skewed : VerdictKind.Undecided,
        };
    }

    /// <summary>What is said of a phase with which the machine did not keep up; null where it did.</summary>
    public static DiagnosisResult? Gate(PhaseReport phase) =>
        phase.MachineGate is { } gate
            ? new DiagnosisResult
            {
                Name = DiagnosisResult.UndecidedName,
                Sentence = $"Nothing is concluded about the cluster, because {gate}.",
            }
            : null;

    /// <summary>The report without what may be the machine's: episodes of skew, and the mechanism.</summary>
    public static RunReport Withhold(RunReport report)
    {
        var gated = report.Phases.Where(p => p.MachineGate is not null).ToList();
        if (gated.Count == 0)
            return report;
        var isGated = report.MachineGate is not null;
        var status = report.Status;
        ImmutableArray<SkewEpisode> kept =
        [
            .. status.Episodes.Where(e =>
                !isGated
                && !gated.Exists(p => e.AlarmAt.TotalSeconds >= p.Start && e.AlarmAt.TotalSeconds < p.Start + p.Seconds)
            ),
        ];
        return report with
        {
            Status = status with
            {
                Episodes = kept,
                EpisodesTotal = isGated ? 0 : status.EpisodesTotal - (status.Episodes.Length - kept.Length),
                State = isGated || kept.Length < status.Episodes.Length ? VerdictKind.Undecided : status.State,
            },
            Diagnosis = isGated ? Gate(gated[^1])! : report.Diagnosis,
        };
    }
}
