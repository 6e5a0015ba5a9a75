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
        var (phases, diagnoses) = Phases(run, run.Measured, double.PositiveInfinity);
        var expectations = run.Scenario.Expect.SelectMany(expected => Check(run, expected, phases, diagnoses));
        return Report(run, phases, attack, last, run.Series.Samples) with { Expectations = [.. expectations] };
    }

    /// <summary>
    /// The report so far, with the newest sample as its series. The time is in s since the load began.
    /// </summary>
    public static RunReport Progress(
        ScenarioRun run,
        MeasuredPhase current,
        AttackState attack,
        ClusterCounters counters,
        double now
    )
    {
        var (phases, _) = Phases(run, [.. run.Measured.TakeLast(Recent), current], now);
        ImmutableArray<SeriesSample> newest = run.Series.Newest is { } sample ? [sample] : [];
        return Report(run, phases, attack, counters, newest);
    }

    private static (ImmutableArray<PhaseReport> Phases, List<DiagnosisResult> Diagnoses) Phases(
        ScenarioRun run,
        IReadOnlyList<MeasuredPhase> measured,
        double now
    )
    {
        List<PhaseReport> phases = [];
        foreach (var one in measured)
        {
            // Records arrive meanwhile.
            var (report, evidence) = run.Ledger.Read(() =>
            {
                var report = one.Settled ?? one.Tally.Report(run.ClientNode, now) with { HttpRules = one.HttpRules };
                return (
                    report,
                    one.Settled is null
                        ? PhaseEvidence.Of(
                            one,
                            report,
                            phases is [.., var before] ? before : null,
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
            phases.Add(report);
        }
        return ([.. phases], [.. phases.Select(p => p.Diagnosis!)]);
    }

    private static IEnumerable<ExpectationResult> Check(
        ScenarioRun run,
        PhaseExpectation expected,
        ImmutableArray<PhaseReport> phases,
        List<DiagnosisResult> diagnoses
    )
    {
        var i = Array.FindIndex([.. phases], p => p.Name == expected.Phase);
        if (i < 0)
            return [new ExpectationResult($"{expected.Phase}: is measured", false, "the run ended before it")];
        var replacement = run.Measured[i].Tally.Replaced is { } replaced ? run.Ledger.Measure(replaced) : null;
        var check = new ExpectationCheck(
            phases[i],
            diagnoses[i],
            replacement,
            run.Scenario.Load,
            run.Measured[i].Service
        );
        return check.Check(expected);
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
        ImmutableArray<PhaseReport> phases,
        AttackState attack,
        ClusterCounters last,
        ImmutableArray<SeriesSample> series
    )
    {
        var scenario = run.Scenario;
        var reconciliation = ReconciliationTable.Build(
            run.Ledger,
            attack,
            last.Since(run.AtStart),
            run.Ledger.Phases[^1].Pods,
            run.ClientNode,
            run.Measured.Count > 0 && run.Measured.All(j => j.HttpRules.Ingress)
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
            Status = run.Ledger.Status,
            Diagnosis = phases[^1].Diagnosis!,
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
