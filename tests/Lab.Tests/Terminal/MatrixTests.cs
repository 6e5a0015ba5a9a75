using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Terminal;
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
        using var text = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) }
        );
        console.Profile.Width = 160;
        MatrixText.Write(ScenarioCatalog.Load("two-sided-l7"), s_rows, console);

        var lines = text.ToString().Split('\n');
        lines
            .Where(l => l.Contains(" 1.9.0 ", StringComparison.Ordinal))
            .ShouldHaveSingleItem()
            .ShouldMatch(@"skewed +│ 100 % \(client's node\) +│ 67 % +│ two-sided-l7 +│ not reproduced");
        lines
            .Where(l => l.Contains(" 1.10.0 ", StringComparison.Ordinal))
            .ShouldHaveSingleItem()
            .ShouldContain("the images cannot be had");
    }
}
