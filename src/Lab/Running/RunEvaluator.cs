using System.Collections.Immutable;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Releases;
using CiliumDebugging.Statistics;
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
            Expectations =
            [
                .. report.MachineGate is { } gate
                    ? expectations.Select(e => e with { Holds = false, Observed = "nothing is concluded" })
                    : expectations,
            ],
            Reconciliation =
            [
                .. report.Reconciliation,
                ReconciliationTable.Phases(attack, RequestTotals.Of(report.Phases)),
            ],
        };
    }

    /// <summary>
    /// The report of a run that ended early, of what is known without its cluster: phases that were complete are
    /// evaluated. The one it ended in is evaluated up to the last look at its backends where the user ended it, and not
    /// at all where something failed.
    /// </summary>
    public static RunReport Partial(ScenarioRun run, EarlyEnd end)
    {
        var measured = run.Measured.ToList();
        foreach (var phase in measured)
            phase.Settled = null;
        // A phase that has just begun: its policies and its Service have not been read yet.
        var current = run.Current
            ?? (
                measured.Exists(m => m.Tally == run.Ledger.Phases[^1])
                    ? null
                    : new MeasuredPhase(run.Ledger.Phases[^1], PathPolicies.None, ServiceReader.Unknown)
            );
        if (current is not null)
        {
            // Failures take longer than successes: later requests are known in part.
            current.Tally.EndAt(Math.Min(run.Ledger.Confirmed, run.Ledger.Settled));
            measured.Add(current);
        }
        // What follows is not evidence of anything.
        var status = run.Ledger.Status;
        run.Ledger.Complete();
        var last = measured[^1].Tally;
        var counters = last.After ?? last.Before;
        var phases = Phases(run, measured, counters, double.PositiveInfinity);
        List<ReportedPhase> marked =
        [
            .. phases.Select(p =>
                p.Measured is { } one && ReferenceEquals(one, current)
                    ? p with
                    {
                        Report = CutOff(
                            p.Report,
                            isEvaluated: end.IsInterruption && run.Current is not null && p.Report.Requests > 0
                        ),
                    }
                : p.Measured is null && ReferenceEquals(p.Report, phases[^1].Report)
                    ? p with
                    {
                        Report = CutOff(p.Report, isEvaluated: false),
                    }
                : p
            ),
        ];
        var complete = marked.Where(p => !p.Report.IsCutOff).ToList();
        return Report(run, marked, run.Attack!, counters, run.Series.Samples) with
        {
            EndedEarly = end,
            Status = RunConclusion.Until(status, marked.LastOrDefault(p => p.Report.IsEvaluated).Report),
            Expectations = [.. run.Scenario.Expect.SelectMany(expected => Check(run, expected, complete))],
            Reconciliation = [],
        };
    }

    private static PhaseReport CutOff(PhaseReport phase, bool isEvaluated) =>
        phase with
        {
            IsCutOff = true,
            IsEvaluated = isEvaluated,
            Name = phase.IsEvaluated ? $"{phase.Name} (not complete)" : phase.Name,
            Diagnosis = isEvaluated
                ? phase.Diagnosis
                : new DiagnosisResult
                {
                    Name = DiagnosisResult.UndecidedName,
                    Sentence = "The run ended here: nothing is concluded from these requests.",
                },
        };

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
                return (report, one.Settled is null ? PhaseEvidence.Of(run, one, report, previous) : null);
            });
            if (evidence is not null)
                report = report with { Diagnosis = RunConclusion.Gate(report) ?? Diagnostician.Diagnose(evidence) };
            if (double.IsFinite(now) && now - one.Tally.End > SettledAfterSeconds)
                one.Settled = report;
            return report;
        }

        PhaseReport? Change(ChangeTally tally, PhaseTally before, PhaseTally? after, double end) =>
            run.Ledger.Read(() =>
                tally.IsEmpty ? null : ChangePhase.Of(tally, before, evaluated, after, counters, end, run)
            );

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
            return
            [
                new ExpectationResult(
                    $"{expected.Phase}: is measured",
                    false,
                    phases is [.., { Report.Diagnosis.Name: ChangeDiagnosis.NoEndpoints }]
                        ? "no pod of the Service was ready"
                        : "the run ended before it was complete"
                ),
            ];
        var underWay = measured.Tally.SecondsUnderWay;
        var seconds = Math.Max(found.Report.Seconds, 1e-9);
        var check = new ExpectationCheck(
            found.Report,
            [.. phases.Where(p => p.Step == expected.Phase).Select(p => p.Report)],
            (underWay.Failed / seconds, underWay.Ok / seconds),
            measured.Tally.Replaced is { } replaced ? run.Ledger.Measure(replaced) : null,
            run.Scenario.Load,
            measured.Service
        );
        var results = check.Check(expected);
        if (expected.Lost is not { } lost)
            return results;
        var before = phases.TakeWhile(p => p != found).ToList();
        return results.Append(
            ChangeLoss.Check(
                run,
                lost,
                before.FindLast(p => p.Measured is not null).Report,
                [.. before.AsEnumerable().Reverse().TakeWhile(p => p.Measured is null).Select(p => p.Report)],
                found.Report,
                measured.Tally.Ending
            )
        );
    }

    private static ReleaseEvidence? Evidence(ScenarioRun run) =>
        run.Cluster.IsEmulated ? run.Scenario.EvidenceFor(run.Release) : null;

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
        var counted = last.Since(run.AtStart);
        var reconciliation = ReconciliationTable.Build(
            run.Ledger,
            attack,
            counted,
            run.Ledger.Phases[^1].Pods,
            run.ClientNode,
            ReconciliationTable.PassedProxies(run, phases)
        );
        return RunConclusion.Withhold(
            new RunReport
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
                IsManual = scenario.IsManual,
                Diagnosis = RunConclusion.Diagnosis(phases),
                Reconciliation = reconciliation,
                Settings = run.Settings,
                Quality =
                [
                    .. counted.RestartedPods.Select(pod => new QualityFinding(
                        Fails: false,
                        $"pod {pod} was restarted during the run: its own count of requests began anew, and is left out"
                    )),
                    .. reported
                        .SelectMany(p => p.Measured?.Policies.Notes.Select(n => new QualityFinding(false, n)) ?? [])
                        .Distinct(),
                ],
                Details = new RunDetails
                {
                    StartedAt = DateTimeOffset.UnixEpoch.AddSeconds(run.Attack!.EpochUnixSeconds),
                    Cluster = run.Cluster,
                    Method = scenario.Load.Method,
                    Url = scenario.Load.Url.ToString(),
                    Steps = [.. scenario.Steps.Select(s => s.Describe())],
                    Policies =
                    [
                        .. scenario
                            .Steps.OfType<ApplyStep>()
                            .DistinctBy(s => s.File)
                            .Select(s => new PolicyFile(s.File, s.Policies[0].FileText)),
                    ],
                    Events = [.. run.Ledger.Events],
                    Series = series,
                    SeriesInterval = run.Series.IntervalSeconds,
                    SeriesMissed = run.Series.Missed,
                    KeptConnections = scenario.Load.Connections,
                    Http2 = scenario.Load.Http2,
                    Ports = scenario.Load.Ports,
                },
            }
        );
    }
}
