using System.Net;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Tests.Running.Existing;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Statistics;
using CiliumDebugging.Testing;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Tests.Running;

/// <summary>
/// Every request of a run belongs to one phase of its report, whatever happens to the cluster meanwhile.
/// </summary>
public class AccountingTests
{
    [Fact]
    public async Task Requests_sent_while_no_pod_is_ready_are_a_phase_with_their_failures()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var report = await ChangedRun.RunAsync(lab, ChangedRun.Plain(seconds: 6), () =>
            ChangedRun.PatchDeploymentAsync(lab, """{"spec": {"replicas": 0}}""")
        );

        ShouldBeComplete(report);
        var without = report.Phases.Single(p => p.Diagnosis!.Name == ChangeDiagnosis.NoEndpoints);
        without.IsEvaluated.ShouldBeFalse();
        without.Failures.ShouldBeGreaterThan(50);
        report.Diagnosis.Name.ShouldBe(ChangeDiagnosis.NoEndpoints);
        report.Diagnosis.Sentence.ShouldContain("No pod of Service backend/backend-1 was ready for");
        report.Details.Events.ShouldContain(e => e.Name == "no pod is ready");
        var expectation = report.Expectations.ShouldHaveSingleItem();
        (expectation.Holds, expectation.Observed).ShouldBe(
            (false, $"{report.Totals.Failures} of {report.Totals.Requests} failed")
        );
    }

    [Fact]
    public async Task After_all_pods_were_gone_and_are_back_the_run_still_says_what_failed()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        var report = await ChangedRun.RunAsync(lab, ChangedRun.Plain(seconds: 12), async () =>
        {
            await ChangedRun.PatchDeploymentAsync(lab, """{"spec": {"replicas": 0}}""");
            await Eventually.HoldsAsync("no pod is ready", async () =>
                (await lab.View.BackendsAsync(TestContext.Current.CancellationToken)).IsEmpty
            );
            await Task.Delay(1500, TestContext.Current.CancellationToken);
            await ChangedRun.PatchDeploymentAsync(lab, """{"spec": {"replicas": 3}}""");
        });

        ShouldBeComplete(report);
        report.Latest.Pods.Length.ShouldBe(3);
        report.Latest.Failures.ShouldBe(0);
        report.Diagnosis.Name.ShouldBe(ChangeDiagnosis.NoEndpoints);
        report.Phases.Where(p => p.IsEvaluated).ShouldAllBe(p => p.Pods.Length > 0);
    }

    [Fact]
    public async Task Requests_sent_during_a_rollout_are_counted_by_outcome()
    {
        await using var lab = await LiveLab.StartAsync(ClusterTopology.Default);
        const string Restart = """
            {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}
            """;
        var report = await ChangedRun.RunAsync(lab, ChangedRun.Plain(seconds: 6), () =>
            ChangedRun.PatchDeploymentAsync(lab, Restart)
        );

        ShouldBeComplete(report);
        var changing = report.Phases.Where(p => !p.IsEvaluated).ToList();
        changing.ShouldNotBeEmpty();
        changing.ShouldAllBe(p => p.Requests + p.NotSent > 0 && p.Requests == p.Ok + p.Failures);
        changing.Where(p => p.Failures > 0).ShouldAllBe(p => p.Diagnosis!.Name == ChangeDiagnosis.FailuresDuringChange);
        changing.Where(p => p.Failures == 0).ShouldAllBe(p => p.Diagnosis!.Name == ChangeDiagnosis.Changing);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_changes_and_in_whatever_order_answers_arrive_each_request_is_counted_once(int seed)
    {
        var random = new Random(seed);
        for (var run = 0; run < 100; run++)
        {
            var ledger = new RunLedger(IPAddress.Loopback);
            var (now, number, phases) = (0.0, 0L, 0);
            List<RecordLine> waiting = [];
            ledger.Begin(Phase($"phase {phases++}", now, 1 + random.Next(4)));
            for (var step = 0; step < 40; step++)
            {
                for (var i = random.Next(60); i > 0; i--)
                    waiting.Add(Record(number++, now += random.NextDouble() * 0.05, random));
                Deliver(random.Next(waiting.Count + 1));
                var last = ledger.Phases[^1];
                switch (random.Next(7))
                {
                    case 0:
                        ledger.Confirm(now);
                        break;
                    case 1:
                        ledger.Record("a policy was applied", now);
                        break;
                    case 2:
                        ledger.BackendsChange("pod a was deleted", Math.Max(last.Start, ledger.Confirmed));
                        break;
                    case 3:
                        ledger.NoPod(Math.Max(last.Start, ledger.Confirmed), now);
                        break;
                    case 4:
                        last.EndAt(now);
                        break;
                    case 5 when ledger.Phases.Count > 3:
                        last.EndAt(now);
                        ledger.Drop(ledger.Phases[1]);
                        break;
                    default:
                        last.EndAt(now);
                        ledger.Begin(Phase($"phase {phases++}", now + random.NextDouble() * 0.1, 1 + random.Next(4)));
                        break;
                }
            }
            Deliver(waiting.Count);
            ledger.Confirm(double.PositiveInfinity);

            ledger.Totals.Intended.ShouldBe(number);
            ledger
                .Phases.SelectMany(p => new[] { p.Outcomes.Totals, p.Preceding.Outcomes.Totals })
                .Append(ledger.Following.Outcomes.Totals)
                .Append(ledger.Dropped.Tally.Outcomes.Totals)
                .Aggregate((a, b) => new(a.Requests + b.Requests, a.NotSent + b.NotSent, a.Ok + b.Ok))
                .ShouldBe(ledger.Totals, $"run {run} of seed {seed}");

            void Deliver(int count)
            {
                for (; count > 0; count--)
                {
                    var next = random.Next(waiting.Count);
                    ledger.Add(waiting[next]);
                    waiting.RemoveAt(next);
                }
            }
        }
    }

    private static PhaseTally Phase(string name, double start, int pods)
    {
        var names = Enumerable.Range(0, pods).Select(i => $"{(char)('a' + i)}").ToArray();
        return new(
            name,
            start,
            new([.. names.Select(p => new BackendPod(p, "backend", "node"))], ExpectedShares.Equal(names)),
            ClusterCounters.Zero
        );
    }

    private static RecordLine Record(long number, double start, Random random)
    {
        var outcome = random.Next(10) switch
        {
            0 => Outcome.NotSent,
            1 => Outcome.ConnectTimeout,
            _ => Outcome.Response,
        };
        var status = outcome is Outcome.Response ? (random.Next(4) == 0 ? 503 : 200) : 0;
        return new RecordLine
        {
            Seq = number,
            Due = start,
            Start = start,
            End = start + random.NextDouble(),
            Port = 40_000 + random.Next(2_000),
            Conn = number,
            Nth = 0,
            Outcome = outcome,
            Status = status,
            Pod = status == 200 ? $"{(char)('a' + random.Next(4))}" : null,
            Node = "node",
            Bytes = 3,
            Errno = 0,
        };
    }

    internal static void ShouldBeComplete(RunReport report)
    {
        foreach (var phase in report.Phases)
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{phase.Name}: {phase.Start:0.0} s, {phase.Seconds:0.0} s, {phase.Requests}, {phase.Failures} failed; "
                    + phase.Diagnosis!.Sentence
            );
        RequestTotals.Of(report.Phases).ShouldBe(report.Totals);
        var intended = report.Reconciliation.Single(r => r.What == "requests intended = sum over phases");
        (intended.LeftCount, intended.Difference).ShouldBe((report.Totals.Intended, 0));
    }
}
