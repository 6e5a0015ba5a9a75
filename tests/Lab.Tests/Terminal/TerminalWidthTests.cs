using CiliumDebugging.Lab.Page;
using CiliumDebugging.Lab.Terminal;
using CiliumDebugging.Measurement.Status;
using CiliumDebugging.Testing;
using Spectre.Console;

namespace CiliumDebugging.Lab.Tests.Terminal;

/// <summary>What a terminal shows fits into it: no name and no link is broken over two lines.</summary>
public sealed class TerminalWidthTests
{
    private static readonly Uri s_page = new($"http://127.0.0.1:15190/#{new string('k', 22)}");

    public static TheoryData<int, int> Sizes =>
        new()
        {
            { 80, 24 },
            { 120, 40 },
            { 200, 50 },
        };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_run_with_any_number_of_pods_fits_into_the_terminal(int columns, int lines)
    {
        foreach (var count in (int[])[1, 3, 30, 300])
        {
            var pods = ManyPods.Pods(count, Math.Min(count, 12));
            var report = ManyPods.Report(pods, i => i % 3 == 0);
            var screen = new LiveScreen
            {
                Size = (columns, lines),
                Cluster = report.Details.Cluster,
                Step = "observe: 20 s at 50 requests/s",
                Phase = new PhaseProgress("observe", 0, 20),
                Sample = ManyPods.Rates(pods, i => i % 3 == 0),
                Report = report,
                Page = s_page,
                Footer = ["1 remove backend  q quit  ? keys"],
            };

            var shown = Written(columns, c => screen.Lines().ToList().ForEach(l => c.MarkupLine(l)));

            shown.Length.ShouldBeLessThan(lines, $"{count} pods");
            shown.ShouldAllBe(l => l.Length <= columns);
            shown.ShouldContain(l => l.EndsWith(s_page.AbsoluteUri, StringComparison.Ordinal));
            foreach (var pod in StateLooks.WorstFirst(RunStatus.Of(report, screen.Sample).Pods).Take(3))
            {
                var end = pod.Pod.Name[^3..];
                shown.ShouldContain(l => l.Contains(end, StringComparison.Ordinal));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_summary_has_at_most_15_lines_and_none_is_broken(int columns, int lines)
    {
        foreach (
            var report in (Measurement.Runs.RunReport[])
                [SampleRun.Create(), ManyPods.Report(ManyPods.Pods(300, 12), i => i % 12 == 0)]
        )
        {
            var shown = Written(columns, c => SummaryText.Write(report, c));

            shown.Length.ShouldBeLessThanOrEqualTo(Math.Min(15, lines));
            shown.ShouldAllBe(l => l.Length <= columns);
            shown.Count(l => l.StartsWith("verdict ", StringComparison.Ordinal)).ShouldBe(1);
        }
    }

    [Fact]
    public void The_summary_has_the_first_note_and_the_number_of_the_others()
    {
        var shown = Written(120, c => SummaryText.Write(Noted(SampleRun.Create()), c));
        var first = shown.ToList().FindIndex(l => l.StartsWith("note ", StringComparison.Ordinal));
        shown[first].ShouldContain("NetworkPolicy backend/office");
        shown[first + 1].ShouldEndWith("(1 more: --verbose)");
        shown.Length.ShouldBe(Written(120, c => SummaryText.Write(SampleRun.Create(), c)).Length + 2);
    }

    private static Measurement.Runs.RunReport Noted(Measurement.Runs.RunReport report) =>
        report with
        {
            Quality =
            [
                new(
                    false,
                    "NetworkPolicy backend/office, spec.ingress[0].from[0]: Cilium allows all Pods of the policy's "
                        + "namespace here as well, which Kubernetes does not"
                ),
                new(false, "pod b was restarted"),
            ],
        };

    [Fact]
    public void The_summary_names_the_pods_worst_first_the_failures_the_cause_and_the_fix()
    {
        var shown = Written(80, c => SummaryText.Write(SampleRun.Create(), c));

        var pods = shown.Where(l => l.Length > 0 && l[0] is '✗' or '✓').ToList();
        pods.Count.ShouldBe(4, string.Join('\n', shown));
        pods[0].ShouldStartWith("✗ ");
        pods[2].ShouldContain("← client");
        pods[2].ShouldContain("100 %");
        pods[3].ShouldStartWith("✗ failed");
        shown.ShouldContain(l => l.StartsWith("cause ", StringComparison.Ordinal));
        shown.ShouldContain(l => l.StartsWith("fix ", StringComparison.Ordinal));
        shown.ShouldContain(l => l.Contains("wrong in at most 1 of 10,000 runs", StringComparison.Ordinal));
        shown.ShouldNotContain(l => l.Contains("Hubble", StringComparison.Ordinal));
        Written(200, c => SummaryText.Write(SampleRun.Create(), c, verbose: true))
            .ShouldContain(l => l.Contains("Hubble req/s", StringComparison.Ordinal));
    }

    [Fact]
    public void A_line_of_a_log_has_at_most_100_columns()
    {
        var pods = ManyPods.Pods(5, 5);
        var report = ManyPods.Report(pods, i => i == 0);

        var shown = Written(200, console =>
        {
            var terminal = new PlainTerminal(console);
            terminal.OnSample(ManyPods.Rates(pods, i => i == 0));
            terminal.OnProgress(report);
            terminal.OnSample(ManyPods.Rates(pods, i => i == 0, at: 11));
        });

        shown.Length.ShouldBe(3, string.Join('\n', shown)); // two seconds and the verdict
        shown.ShouldAllBe(l => l.Length <= 100);
        shown[1].ShouldStartWith("✗ 1 of 5 pods answers");
    }

    /// <summary>The lines as they are on a terminal of this width, which breaks what is wider.</summary>
    private static string[] Written(int columns, Action<IAnsiConsole> write)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.No,
                ColorSystem = ColorSystemSupport.NoColors,
                Out = new AnsiConsoleOutput(text),
            }
        );
        console.Profile.Width = columns;
        write(console);
        return [.. text.ToString().ReplaceLineEndings("\n").Trim('\n').Split('\n').Select(l => l.TrimEnd())];
    }
}
