using System.Collections.Immutable;
using CiliumDebugging.Measurement.Reports;
using CiliumDebugging.Measurement.Reports.Compare;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Reports;

public sealed class ComparisonTests
{
    private static readonly ReportDocument s_skewed = DocumentOf.Run(SampleRun.Create());

    /// <summary>The same run where the second phase is as even as the first, with Pods of other names.</summary>
    private static readonly ReportDocument s_repaired = s_skewed with
    {
        Cluster = s_skewed.Cluster with
        {
            CiliumVersion = "1.10.0",
            Settings = s_skewed.Cluster.Settings.SetItem("tunnel", "disabled"),
        },
        Phases =
        [
            s_skewed.Phases[0],
            s_skewed.Phases[0] with
            {
                Name = "observe",
                Pods = [.. s_skewed.Phases[0].Pods.Select(p => p with { Name = $"new-{p.Name}" })],
            },
        ],
    };

    [Fact]
    public void A_run_compared_with_itself_has_not_changed()
    {
        var comparison = Comparison.Of(s_skewed, s_skewed);

        comparison.Summary.ShouldStartWith("Nothing changed");
        comparison.Changed.ShouldBeFalse();
        comparison.Differences.ShouldBeEmpty();
        comparison.Unmatched.ShouldBeEmpty();
        comparison.Quantities.Length.ShouldBe(2 * (1 + 3 + 3 * 2) + 1);
    }

    [Fact]
    public void What_redaction_leaves_out_is_unknown_and_no_difference()
    {
        var named = s_skewed with
        {
            Cluster = s_skewed.Cluster with { Settings = s_skewed.Cluster.Settings.Add("acme-only-setting", "true") },
        };
        var redacted = Redaction.Apply(named);

        foreach (var comparison in (Comparison[])[Comparison.Of(named, redacted), Comparison.Of(redacted, named)])
        {
            comparison.Differences.ShouldBeEmpty();
            comparison.Unmatched.ShouldBeEmpty();
            comparison.Changed.ShouldBeFalse();
        }
        Comparison
            .Of(redacted, named with { Cluster = named.Cluster with { Kind = "kind" } })
            .Differences.ShouldHaveSingleItem()
            .ShouldStartWith("cluster: ");
    }

    [Fact]
    public void A_repair_shows_in_success_rate_shares_and_latency()
    {
        var changes = Comparison
            .Of(s_skewed, s_repaired)
            .Quantities.Where(q => q.Change is not Change.NotShown)
            .ToDictionary(q => q.What);

        changes.Values.ShouldAllBe(q => q.Phase == "observe");
        changes["success rate"].Change.ShouldBe(Change.Higher);
        changes["success rate"].Difference.Estimate!.Value.ShouldBe(66.7, 0.1);
        changes["success rate"].Difference.Lower.ShouldBeGreaterThan(50);
        changes["median latency"].Change.ShouldBe(Change.Lower);
        changes["share of successes, pod on cluster-worker"].Change.ShouldBe(Change.Higher);
        changes["share of successes, pod on cluster-worker3"].Change.ShouldBe(Change.Lower);
        changes.Keys.ShouldNotContain(k => k.StartsWith("share of connections", StringComparison.Ordinal));
    }

    [Fact]
    public void Versions_settings_and_verdicts_that_differ_are_named() =>
        Comparison
            .Of(s_skewed, s_repaired)
            .Differences.ShouldBe(
                ["Cilium: 1.9.0 → 1.10.0", "setting tunnel: vxlan → disabled", "observe: delivery: skewed → undecided"],
                ignoreOrder: true
            );

    [Fact]
    public void Where_no_error_probability_can_be_given_no_change_is_claimed()
    {
        var hubble = s_repaired with
        {
            Phases =
            [
                .. s_repaired.Phases.Select(p => p with { Delivery = p.Delivery with { ErrorProbability = null } }),
            ],
        };

        Comparison
            .Of(s_skewed, hubble)
            .Quantities.Where(q => q.What.StartsWith("share of successes", StringComparison.Ordinal))
            .ShouldAllBe(q => q.Change == Change.NoErrorProbability);
    }

    [Fact]
    public void Pods_and_phases_without_a_counterpart_are_named()
    {
        var moved = s_skewed with
        {
            Phases =
            [
                s_skewed.Phases[0] with
                {
                    Pods =
                    [
                        .. s_skewed
                            .Phases[0]
                            .Pods.Select((p, i) => i == 0 ? p with { Node = "elsewhere", Name = "other" } : p),
                    ],
                },
            ],
        };

        Comparison
            .Of(s_skewed, moved)
            .Unmatched.ShouldBe([
                "baseline: backend/backend-1-7d9f-aaaaa on cluster-worker has no counterpart in the second run",
                "baseline: backend/other on elsewhere has no counterpart in the first run",
                "phase observe: only in the first run; 1020 of 1530 requests failed",
            ]);
    }

    [Fact]
    public void Requests_that_failed_while_the_cluster_was_changing_are_compared_and_their_shares_are_not()
    {
        var changing = s_skewed.Phases[1] with { Name = "changing: a rollout", IsEvaluated = false };
        var comparison = Comparison.Of(
            s_skewed with
            {
                Phases = [.. s_skewed.Phases, changing with { Failures = 0, Ok = changing.Requests }],
            },
            s_skewed with
            {
                Phases = [.. s_skewed.Phases, changing],
            }
        );

        comparison.Differences.ShouldBe([
            $"failures while the cluster was changing: 0 of {changing.Requests} requests → "
                + $"{changing.Failures} of {changing.Requests} requests",
        ]);
        comparison.Quantities.ShouldAllBe(q => q.Phase != changing.Name);
    }

    [Fact]
    public void Phases_of_the_same_name_are_compared_in_their_order()
    {
        var twice = s_skewed with { Phases = [.. s_skewed.Phases.Select(p => p with { Name = "a" })] };

        var comparison = Comparison.Of(twice, twice);

        comparison.Summary.ShouldStartWith("Nothing changed");
        comparison.Unmatched.ShouldBeEmpty();
    }

    [Fact]
    public void More_failures_in_the_run_or_in_its_changes_are_a_change()
    {
        var changing = s_skewed.Phases[0] with { Name = "changing", IsEvaluated = false };
        ReportDocument With(long failures, long requests, long ofRun) =>
            s_skewed with
            {
                Phases =
                [
                    .. s_skewed.Phases,
                    changing with
                    {
                        Requests = requests,
                        Failures = failures,
                        Ok = requests - failures,
                    },
                ],
                Totals = new(3060, 0, 3060 - ofRun, ofRun),
            };

        var comparison = Comparison.Of(With(1, 13, 1), With(669, 681, 700));

        comparison.Changed.ShouldBeTrue();
        comparison
            .Quantities.Where(q => q.Change is Change.Lower)
            .Select(q => $"{q.Phase}: {q.What}")
            .ShouldBe(["while changing: success rate", "whole run: success rate"]);
    }

    [Fact]
    public void Load_length_and_an_early_end_are_compared()
    {
        var other = s_skewed with
        {
            Load = s_skewed.Load with { KeptConnections = 4, Ports = "41000-41007" },
            EndedEarly = "the run was interrupted",
            Phases = [s_skewed.Phases[0], s_skewed.Phases[1] with { Seconds = 12 }],
        };

        Comparison
            .Of(s_skewed, other)
            .Differences.ShouldBe([
                "kept connections: 0 → 4",
                "client ports: random → 41000-41007",
                "ended early: none → the run was interrupted",
                "observe: length: 30.0 s → 12.0 s",
            ]);
    }

    [Fact]
    public void Nothing_is_claimed_of_a_run_with_which_the_machine_did_not_keep_up()
    {
        const string Gate = "this machine cannot keep up (…)";
        var comparison = Comparison.Of(s_skewed, s_repaired with { MachineGate = Gate });

        comparison.Changed.ShouldBeFalse();
        comparison.Summary.ShouldStartWith("Nothing is concluded");
        comparison.Notices.ShouldBe([
            $"first run: {s_skewed.Cluster.Notice}",
            $"second run: {s_skewed.Cluster.Notice}",
            $"second run: nothing is concluded, because {Gate}",
        ]);
        s_skewed.Cluster.Notice.ShouldStartWith("Emulated:");
    }
}
