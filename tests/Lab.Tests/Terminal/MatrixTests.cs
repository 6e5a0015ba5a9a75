using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Releases;
using CiliumDebugging.Statistics;
using CiliumDebugging.Testing;
using Spectre.Console;

namespace CiliumDebugging.Lab.Tests.Terminal;

/// <summary>A matrix of releases, as text and as data.</summary>
public sealed class MatrixTests
{
    private static readonly MatrixRow[] s_rows =
    [
        new(new CiliumVersion(1, 9, 0), SampleRun.Create(), null),
        new(new CiliumVersion(1, 10, 0), null, "the images cannot be had"),
    ];

    [Fact]
    public void Each_release_is_what_its_last_phase_showed()
    {
        var summary = MatrixSummary.Of(ScenarioCatalog.Load("two-sided-l7"), s_rows);

        (summary.Scenario, summary.IsEmulated).ShouldBe(("two-sided-l7", true));
        var run = summary.Releases[0];
        (run.Release, run.Problem, run.Delivery).ShouldBe(("1.9.0", null, VerdictKind.Skewed));
        (run.BusiestPod, run.BusiestShare, run.BusiestOnClientNode).ShouldBe(("backend-1-7d9f-ccccc", 1, true));
        run.FailedShare.ShouldNotBeNull().ShouldBe(2 / 3.0, 1e-9);
        (run.Diagnosis, run.IsReproduced).ShouldBe(("two-sided-l7", false));
        summary.Releases[1].ShouldBe(new MatrixSummary.Run("1.10.0", "the images cannot be had"));
    }

    [Fact]
    public void The_text_says_the_same()
    {
        var lines = Text(s_rows).Split('\n');
        lines
            .Where(l => l.Contains(" 1.9.0 ", StringComparison.Ordinal))
            .ShouldHaveSingleItem()
            .ShouldMatch(@"skewed +│ 100 % \(client's node\) +│ 67 % +│ two-sided-l7 +│ not reproduced");
        lines
            .Where(l => l.Contains(" 1.10.0 ", StringComparison.Ordinal))
            .ShouldHaveSingleItem()
            .ShouldContain("the images cannot be had");
    }

    [Fact]
    public void What_failed_in_an_earlier_phase_is_counted()
    {
        var run = SampleRun.Create();
        MatrixRow row = new(
            new CiliumVersion(1, 9, 0),
            run with
            {
                Phases = [run.Phases[1], run.Phases[0]],
                Expectations = [],
            },
            null
        );

        row.Fails.ShouldBe(true);
        var summary = MatrixSummary.Of(ScenarioCatalog.Load("two-sided-l7"), [row]).Releases[0];
        summary.FailedShare.ShouldBe(0);
        summary.FailedShareOfRun.ShouldNotBeNull().ShouldBe(1 / 3.0, 1e-9);
        Text([row]).ShouldContain("0 % (33 % of the run)");
    }

    [Fact]
    public void Without_an_expectation_or_a_conclusion_it_is_not_known_whether_a_run_was_reproduced()
    {
        var run = SampleRun.Create();
        RunReport[] unknown =
        [
            run with
            {
                Expectations = [],
            },
            run with
            {
                EndedEarly = EarlyEnd.Interrupted,
            },
            run with
            {
                Phases = [run.Phases[0], run.Phases[1] with { MachineGate = "this machine cannot keep up" }],
            },
        ];
        MatrixRow[] rows = [.. unknown.Select((r, i) => new MatrixRow(new CiliumVersion(1, 9, i), r, null))];

        var summary = MatrixSummary.Of(ScenarioCatalog.Load("two-sided-l7"), rows);

        summary.Releases.ShouldAllBe(r => r.IsReproduced == null);
        Text(rows).ShouldContain("not known");
    }

    [Fact]
    public void A_change_between_releases_is_not_claimed_of_an_undecided_one()
    {
        var run = SampleRun.Create();
        MatrixRow Row(int patch, int perPod) =>
            new(
                new CiliumVersion(1, 9, patch),
                run with
                {
                    Phases = [SampleRun.Phase("observe", 0, skewed: false, perPod)],
                    Status = run.Status with { State = VerdictKind.Undecided, Episodes = [] },
                },
                null
            );
        MatrixRow[] rows = [new(new CiliumVersion(1, 9, 0), run, null), Row(1, 20), Row(2, 4000)];

        MatrixText
            .Changes(rows)
            .ShouldBe(["changes between 1.9.0 (skewed, requests fail) and 1.9.1 (no skew found, no request fails)"]);
    }

    [Fact]
    public void Requests_that_one_connection_pins_to_a_pod_are_as_skewed_as_the_summary_of_the_run_says()
    {
        var run = SampleRun.Create();
        var phase = SampleRun.Phase("observe", 0, skewed: false);
        var delivery = new DeliveryTest(ExpectedShares.Equal([.. phase.Pods.Select(p => p.Pod.Name)]));
        delivery.Add(0, true);
        var pinned = run with
        {
            Phases =
            [
                phase with
                {
                    Delivery = delivery.Evaluate(),
                    Pods = [.. phase.Pods.Select((p, i) => p with { Ok = i == 0 ? phase.Ok : 0 })],
                },
            ],
            Status = run.Status with { State = VerdictKind.Undecided, Episodes = [] },
        };
        var row = new MatrixRow(new CiliumVersion(1, 9, 0), pinned, null);

        row.Delivery.ShouldBe(RunStatus.Of(pinned, LiveSample.None).Verdict?.Kind);
        row.Delivery.ShouldBe(VerdictKind.Skewed);
        Text([row]).ShouldNotContain("no skew found");
    }

    private static string Text(IReadOnlyList<MatrixRow> rows)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) }
        );
        console.Profile.Width = 200;
        MatrixText.Write(ScenarioCatalog.Load("two-sided-l7"), rows, console);
        return text.ToString();
    }
}
