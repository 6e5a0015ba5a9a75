using System.Collections.Immutable;
using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using k8s.Models;

namespace CiliumDebugging.Lab.Running;

/// <summary>Evaluates, diagnoses and reconciles a run: at its end, or in its current state.</summary>
internal static class RunEvaluator
{
    /// <summary>
    /// Phases before the current one that are evaluated again: requests may still have been under way.
    /// </summary>
    private const int Recent = 2;

    /// <summary>The client's timeout plus a margin of 5 s: after it every request of a phase has its outcome.</summary>
    private const double SettledAfterSeconds = 35;

    /// <summary>The report of a run that is complete and drained.</summary>
    public static RunReport Final(ScenarioRun run, AttackState attack, ClusterCounters last)
    {
        foreach (var phase in run.Measured)
            phase.Settled = null;
        var phases = Phases(run, run.Measured, last, double.PositiveInfinity);
        var expectations = run.Scenario.Expect.SelectMany(expected => Check(run, expected, phases));
        var report = Report(run, phases, attack, last, run.Series.Samples);
        return report with
        {
            Expectations = [.. expectations],
            Reconciliation =
            [
                .. report.Reconciliation,
                ReconciliationTable.Phases(attack, RequestTotals.Of(report.Phases)),
            ],
        };
    }

    /// <summary>
    /// The report so far, with the newest sample as its series. There is no current phase while no Pod is ready. The
    /// time is in s since the load began.
    /// </summary>
    public static RunReport Progress(
        ScenarioRun run,
        MeasuredPhase? current,
        AttackState attack,
        ClusterCounters counters,
        double now
    )
    {
        var phases = Phases(
            run,
            [.. run.Measured.TakeLast(Recent), .. current is null ? Array.Empty<MeasuredPhase>() : [current]],
            counters,
            now
        );
        ImmutableArray<SeriesSample> newest = run.Series.Newest is { } sample ? [sample] : [];
        return Report(run, phases, attack, counters, newest);
    }

    /// <summary>A phase of the report.</summary>
    /// <param name="Report">Its report.</param>
    /// <param name="Measured">What it was measured with; null for the requests between two phases.</param>
    /// <param name="Step">The scenario's phase that it belongs to; empty: to a change that the scenario makes.</param>
    private readonly record struct ReportedPhase(PhaseReport Report, MeasuredPhase? Measured, string Step);

    /// <summary>
    /// Evaluates consecutive phases, of which the last is the run's last, and the requests between them. The counters
    /// are the newest; the time, s since the load began, is infinite when the run is over.
    /// </summary>
    private static List<ReportedPhase> Phases(
        ScenarioRun run,
        IReadOnlyList<MeasuredPhase> measured,
        ClusterCounters counters,
        double now
    )
    {
        List<ReportedPhase> phases = [];
        PhaseReport? evaluated = null;
        PhaseTally? before = null;
        foreach (var one in measured)
        {
            var tally = one.Tally;
            if (before is not null && ReferenceEquals(before, run.Ledger.Phases[0]) && run.Ledger.Dropped.Phases > 0)
                AddDropped(before, tally);
            else if (before is not null && Change(tally.Preceding, before, tally, tally.Start) is { } preceding)
                phases.Add(new(preceding, null, tally.Step == before.Step ? tally.Step : ""));
            evaluated = Evaluate(one, evaluated);
            phases.Add(new(evaluated, one, tally.Step));
            before = tally;
        }
        var end = double.IsFinite(now) ? now : Math.Max(run.Ledger.LastStart, before!.End);
        if (Change(run.Ledger.Following, before!, null, end) is { } following)
            phases.Add(new(following, null, before!.Step));
        return phases;

        PhaseReport Evaluate(MeasuredPhase one, PhaseReport? previous)
        {
            // Records arrive meanwhile.
            var (report, evidence) = run.Ledger.Read(() =>
            {
                var report = one.Settled
                    ?? one.Tally.Report(run.ClientNode, now) with
                    {
                        HttpRules = (one.Policies.Egress, one.Policies.Ingress),
                    };
                return (
                    report,
                    one.Settled is null
                        ? PhaseEvidence.Of(
                            one,
                            report,
                            previous,
                            run.ClientNode,
                            run.Cluster.CiliumVersion,
                            run.Settings
                        )
                        : null
                );
            });
            if (evidence is not null)
                report = report with { Diagnosis = Diagnostician.Diagnose(evidence) };
            if (double.IsFinite(now) && now - one.Tally.End > SettledAfterSeconds)
                one.Settled = report;
            return report;
        }

        PhaseReport? Change(ChangeTally tally, PhaseTally before, PhaseTally? after, double end) =>
            run.Ledger.Read(() => tally.IsEmpty ? null : ChangePhase.Of(tally, before, after, counters, end, run));

        // What was between the first phase and the first that is still kept.
        void AddDropped(PhaseTally first, PhaseTally next) =>
            phases.Add(
                new(
                    run.Ledger.Read(() =>
                    {
                        var (count, dropped) = run.Ledger.Dropped;
                        var all = new ChangeTally();
                        all.Add(dropped);
                        all.Add(next.Preceding);
                        return ChangePhase.OfDropped(count, all, first, next.Start, run);
                    }),
                    null,
                    ""
                )
            );
    }

    private static IEnumerable<ExpectationResult> Check(
        ScenarioRun run,
        PhaseExpectation expected,
        List<ReportedPhase> phases
    )
    {
        var found = phases.Find(p => p.Measured?.Tally.Name == expected.Phase);
        if (found.Measured is not { } measured)
            return [new ExpectationResult($"{expected.Phase}: is measured", false, "the run ended before it")];
        var whole = RequestTotals.Of([.. phases.Where(p => p.Step == expected.Phase).Select(p => p.Report)]);
        var check = new ExpectationCheck(
            found.Report,
            whole,
            measured.Tally.Replaced is { } replaced ? run.Ledger.Measure(replaced) : null,
            run.Scenario.Load,
            measured.Service
        );
        return check.Check(expected);
    }

    /// <summary>
    /// The diagnosis of the last evaluated phase; where it finds nothing wrong, that of the change in which the most
    /// requests failed.
    /// </summary>
    private static DiagnosisResult Diagnosis(ImmutableArray<PhaseReport> phases)
    {
        var latest = phases.Last(p => p.IsEvaluated);
        var worst = phases.Where(p => !p.IsEvaluated && p.Failures > 0).MaxBy(p => p.Failures);
        return
            latest is { Failures: 0, Diagnosis.Name: EvenRule.Name or DiagnosisResult.UndecidedName }
            && worst?.Diagnosis is { } change
            ? change
            : latest.Diagnosis!;
    }

    private static ReleaseEvidence? Evidence(ScenarioRun run)
    {
        if (!run.Cluster.IsEmulated)
            return null;
        return run.Scenario.EvidenceFor(
            CiliumVersion.TryParse(run.Cluster.CiliumVersion, out var version) ? version : null
        );
    }

    private static RunReport Report(
        ScenarioRun run,
        List<ReportedPhase> reported,
        AttackState attack,
        ClusterCounters last,
        ImmutableArray<SeriesSample> series
    )
    {
        var scenario = run.Scenario;
        ImmutableArray<PhaseReport> phases = [.. reported.Select(p => p.Report)];
        var reconciliation = ReconciliationTable.Build(
            run.Ledger,
            attack,
            last.Since(run.AtStart),
            run.Ledger.Phases[^1].Pods,
            run.ClientNode,
            run.Measured.Count > 0 && run.Measured.All(j => j.Policies.Ingress)
        );
        return new RunReport
        {
            Scenario = scenario.Name,
            Title = scenario.Title,
            Source = scenario.Source,
            Evidence = Evidence(run),
            RatePerSecond = scenario.Load.RatePerSecond,
            ClientPod = run.Client.Name(),
            ClientNode = run.ClientNode,
            Phases = phases,
            Totals = run.Ledger.Totals,
            Status = run.Ledger.Status,
            Diagnosis = Diagnosis(phases),
            Reconciliation = reconciliation,
            Settings = run.Settings,
            Details = new RunDetails
            {
                StartedAt = DateTimeOffset.UnixEpoch.AddSeconds(run.Attack!.EpochUnixSeconds),
                Cluster = run.Cluster,
                Method = scenario.Load.Method,
                Url = scenario.Load.Url.ToString(),
                Steps = [.. scenario.Steps.Select(s => s.Describe())],
                Events = [.. run.Ledger.Events],
                Series = series,
                SeriesInterval = run.Series.IntervalSeconds,
                SeriesMissed = run.Series.Missed,
                KeptConnections = scenario.Load.Connections,
                Ports = scenario.Load.Ports,
            },
        };
    }
}
