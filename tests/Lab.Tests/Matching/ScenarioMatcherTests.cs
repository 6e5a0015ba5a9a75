using System.Collections.Immutable;
using CiliumDebugging.Lab.Matching;
using CiliumDebugging.Lab.Running;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Tests.Diagnosis;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Matching;

/// <summary>Which scenarios fit what is seen.</summary>
public class ScenarioMatcherTests
{
    private const int Seeds = 5;

    private static readonly IReadOnlyList<Scenario> s_catalogue = ScenarioCatalog.All;

    private static readonly ImmutableArray<SyntheticRun> s_runs = [.. SyntheticRuns.All(Seeds)];

    public static TheoryData<string> Names => new(ScenarioCatalog.Names);

    [Theory]
    [MemberData(nameof(Names))]
    public void The_report_of_a_scenarios_own_run_ranks_it_first(string name)
    {
        var scenario = ScenarioCatalog.Load(name);
        foreach (var report in ReportsOf(scenario))
        {
            var ranked = ScenarioMatcher.Rank(Symptoms.Of(report), s_catalogue);
            var best = ranked.Where(m => m.Score == ranked[0].Score).Select(m => m.Scenario.Name);
            best.ShouldBe([name], report.Diagnosis.Name);
        }
    }

    [Theory]
    [InlineData("a replaced pod gets too little", "silent-close, stale-conntrack")]
    [InlineData("requests fail during every rollout", "rollout-loss")]
    [InlineData("one pod has all the load", "keepalive-pinning, session-affinity")]
    [InlineData("a restarted pod has no connections", "ipvs-restart")]
    [InlineData("retries", "retry-amplification")]
    [InlineData("pods of a busy zone get more", "topology-zones")]
    [InlineData("clients on one node get no answer", "no-local-endpoint")]
    [InlineData("stale addresses in an EndpointSlice", "stale-endpoints")]
    public void Words_find_the_scenarios_that_say_them(string words, string expected) =>
        Best(new Symptoms { Words = words }).ShouldBe(expected);

    [Fact]
    public void Figures_find_the_scenario_that_shows_them()
    {
        Best(
                new Symptoms
                {
                    Pods = 3,
                    Answering = 1,
                    Status = 503,
                    Failing = true,
                }
            )
            .ShouldBe("two-sided-l7");
        Best(new Symptoms { Pods = 3, Answering = 1 })
            .ShouldBe(
                "keepalive-pinning, session-affinity, topology-zones, two-sided-l7",
                "one of three is some and one"
            );
        Best(new Symptoms { Status = 500, Failing = true }).ShouldBe("retry-amplification");
    }

    [Fact]
    public void Without_a_symptom_or_with_words_that_no_scenario_has_nothing_fits()
    {
        ScenarioMatcher.Rank(new Symptoms(), s_catalogue).ShouldAllBe(m => m.Score == 0 && m.For.IsEmpty);
        ScenarioMatcher.Rank(new Symptoms { Words = "the and quux" }, s_catalogue).ShouldAllBe(m => m.Score == 0);
    }

    [Fact]
    public void A_scenario_says_what_speaks_for_it_and_what_against()
    {
        var ranked = ScenarioMatcher.Rank(
            new Symptoms
            {
                Pods = 3,
                Answering = 1,
                Status = 503,
                Failing = true,
                KeepAlive = true,
            },
            s_catalogue
        );
        var best = ranked[0];
        best.For.ShouldBe(["requests fail", "failures are 503", "only some pods answer"], ignoreOrder: true);
        best.Against.ShouldBe(["each request has a fresh connection"]);
        ranked.Single(m => m.Scenario.Name == "session-affinity").Against.ShouldContain("no request fails");
    }

    [Fact]
    public void Where_no_pod_answers_the_scenarios_in_which_none_does_fit_best()
    {
        var ranked = ScenarioMatcher.Rank(new Symptoms { Pods = 3, Answering = 0 }, s_catalogue);

        ranked
            .Where(m => m.Score > 0)
            .Select(m => m.Scenario.Name)
            .ShouldBe(["no-local-endpoint", "retry-amplification"]);
        ranked.ShouldAllBe(m => m.For.All(f => f == "no pod answers"));
    }

    [Fact]
    public void What_is_only_observed_is_compared_with_no_sign_that_observation_does_not_show()
    {
        var run = DocumentOf.Run(SampleRun.Create());
        var observed = run with
        {
            Load = new LoadInfo("", "", run.Load.RatePerSecond),
            Steps = ["observe shop/web for 596 s"],
        };

        var seen = Symptoms.Of(observed);

        (seen.KeepAlive, seen.Http2, seen.Replaced).ShouldBe((null, null, null));
        string[] invented = ["no pod was replaced", "each request has a fresh connection"];
        ScenarioMatcher
            .Rank(seen, s_catalogue)
            .ShouldAllBe(m => !m.For.Intersect(invented).Any() && !m.Against.Intersect(invented).Any());
    }

    [Fact]
    public void A_sign_is_said_once_for_all_combinations_of_symptoms()
    {
        bool?[] answers = [null, false, true];
        foreach (var (failing, skewed) in answers.SelectMany(f => answers.Select(s => (f, s))))
        foreach (int? status in (int?[])[null, 503])
        foreach (int? answering in (int?[])[null, 0, 1, 3])
        foreach (var diagnosis in (string?[])[null, "unknown", "even", "two-sided-l7"])
            ScenarioMatcher
                .Rank(
                    new Symptoms
                    {
                        Failing = failing,
                        Skewed = skewed,
                        Status = status,
                        Pods = 3,
                        Answering = answering,
                        Diagnosis = diagnosis,
                    },
                    s_catalogue
                )
                .ShouldAllBe(m => m.For.Concat(m.Against).Distinct().Count() == m.For.Length + m.Against.Length);
    }

    [Fact]
    public void A_control_does_not_fit_a_report_in_which_something_unknown_is_wrong()
    {
        var ranked = ScenarioMatcher.Rank(new Symptoms { Diagnosis = "unknown", Failing = true }, s_catalogue);

        var control = ranked.Single(m => m.Scenario.Name == "ingress-only");
        control.For.ShouldBeEmpty();
        control.Against.ShouldBe(["no request fails", "nothing is unusual"]);
    }

    [Fact]
    public void What_failed_in_an_earlier_phase_is_a_symptom()
    {
        var run = SampleRun.Create();
        var seen = Symptoms.Of(DocumentOf.Run(run with { Phases = [run.Phases[1], run.Phases[0]] }));

        (seen.Failing, seen.Status, seen.Answering).ShouldBe((true, 503, 1));
    }

    private static string Best(Symptoms seen)
    {
        var ranked = ScenarioMatcher.Rank(seen, s_catalogue);
        return string.Join(", ", ranked.Where(m => m.Score == ranked[0].Score).Select(m => m.Scenario.Name));
    }

    /// <summary>
    /// Simulated runs of what a scenario is about, with its cluster and its load, as reports. The diagnosis is what the
    /// rules make of the simulated counts.
    /// </summary>
    private static IEnumerable<ReportDocument> ReportsOf(Scenario scenario)
    {
        var truth = scenario.Expect.LastOrDefault(e => e.Diagnosis is not null)?.Diagnosis ?? "even";
        var isReplaced = scenario.Steps.Any(s => s is DeletePodStep or RolloutStep);
        var rules = new ScenarioSigns(scenario).HttpRules;
        foreach (var run in s_runs.Where(r => r.Truth == truth))
        {
            var diagnosis = Diagnostician.Diagnose(run.Evidence);
            var phase = run.Evidence.Phase with { HttpRules = rules, Diagnosis = diagnosis };
            // A rule that needs more than was simulated names nothing: then the scenario is not shown.
            if (truth != "even" && diagnosis.Name != truth)
                continue;
            var before = phase.Pods.SetItem(0, phase.Pods[0] with { Pod = phase.Pods[0].Pod with { Name = "old" } });
            ImmutableArray<PhaseReport> phases = isReplaced ? [phase with { Pods = before }, phase] : [phase];
            if (scenario.Expect[^1].Lost is ExpectedLoss.EndpointLag)
                phases = phases.Insert(1, Losing(phase));
            var sample = SampleRun.Create();
            yield return DocumentOf.Run(
                sample with
                {
                    Scenario = "unknown",
                    Phases = phases,
                    Diagnosis = RunConclusion.Diagnosis(phases),
                    Settings = scenario.Settings,
                    Details = sample.Details with
                    {
                        Cluster = new ClusterIdentity(
                            ClusterKind.Emulated,
                            scenario.Settings.GetValueOrDefault("sandbox-cilium-version") ?? "1.9.0"
                        ),
                        KeptConnections = scenario.Load.Connections,
                    },
                }
            );
        }
    }

    /// <summary>A change in which a Pod lost a share of its requests.</summary>
    private static PhaseReport Losing(PhaseReport phase) =>
        phase with
        {
            IsEvaluated = false,
            ByStatus = phase.ByStatus.SetItem(200, phase.Ok - 100),
            Diagnosis = ChangeDiagnosis.Of(
                new ChangeFacts
                {
                    Requests = phase.Requests,
                    Failures = 100,
                    Service = "backend/backend-1",
                    Removed = ["old"],
                }
            ),
        };
}
