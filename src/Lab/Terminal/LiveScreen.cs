using CiliumDebugging.Lab.Page;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.Measurement.Status;
using static System.FormattableString;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>
/// What a terminal shows while a run is under way: a line for each Pod, worst first, what happened, and why. Pure.
/// </summary>
internal sealed record LiveScreen
{
    /// <summary>From this width on there is room for latencies, and for the whole names.</summary>
    private const int LatencyWidth = 105,
        NamesWidth = 150;

    /// <summary>Lines that are not Pods.</summary>
    private const int OtherLines = 9;

    private const int BarWidth = 10;

    /// <summary>Columns and lines of the terminal.</summary>
    public required (int Columns, int Lines) Size { get; init; }

    public required ClusterIdentity Cluster { get; init; }

    /// <summary>The current step, in words.</summary>
    public required string Step { get; init; }

    /// <summary>The phase that is measured; null outside of one.</summary>
    public PhaseProgress? Phase { get; init; }

    /// <summary>The newest rates; null before the load.</summary>
    public LiveSample? Sample { get; init; }

    /// <summary>The newest evaluation; null before the first one.</summary>
    public RunReport? Report { get; init; }

    /// <summary>The link of the live page; null where there is none.</summary>
    public Uri? Page { get; init; }

    /// <summary>Lines below, such as the keys.</summary>
    public IReadOnlyList<string> Footer { get; init; } = [];

    /// <summary>The lines, as Spectre's markup; each fits into the terminal.</summary>
    public IReadOnlyList<string> Lines()
    {
        List<string> lines = [Head()];
        if (Sample is { } sample)
        {
            var status = Report is { } report ? RunStatus.Of(report, sample) : RunStatus.Of(sample);
            var (mark, color) = StateLooks.Of(status);
            var headline = status.IsFault ? status.Title : status.Headline;
            lines.Add(Line().Add($"{mark} {headline}", $"bold {color}").ToString());
            lines.AddRange(Pods(status, sample));
            lines.AddRange(Reasons(status));
        }
        if (Page is { } page)
            lines.Add(Line().Add("page    ", "grey").Add(page.AbsoluteUri, $"link={page.AbsoluteUri}").ToString());
        lines.AddRange(Footer.Select(l => Line().Add(l, "grey").ToString()));
        return lines;
    }

    private StyledLine Line() => new(Size.Columns);

    private string Head()
    {
        var line = Line();
        if (Report is { } report)
            line.Add($"{report.Scenario} · ", "bold");
        line.Add(Cluster.Name, Cluster.IsEmulated ? "yellow" : null);
        if (Report is { RatePerSecond: > 0 })
            line.Add(Invariant($" · {Report.RatePerSecond:0.##}/s"));
        if (Phase is not { } phase || Sample is not { } sample)
            return line.Add($" · {Step}", "blue").ToString();
        var passed = phase.Passed(sample.Elapsed.TotalSeconds);
        var bar = StyledLine.Bar(passed / phase.Seconds, BarWidth);
        return line.AddRight(Invariant($"{phase.Name} {bar} {passed:0}/{phase.Seconds:0.#} s"), "blue").ToString();
    }

    private IEnumerable<string> Pods(RunStatus status, LiveSample sample)
    {
        var (names, nodes) = Names(status);
        var rates = sample.Pods.Where(p => p.Pod is not null).ToDictionary(p => p.Pod!.HubbleName);
        var errors = Report?.Latest is { Seconds: > 0 } phase
            ? phase.Pods.ToDictionary(p => p.Pod.HubbleName, p => p.HubbleServerErrors / phase.Seconds)
            : [];
        var (nameWidth, nodeWidth) = (Widest(names.Values, 26), Widest(nodes.Values, 24) + " ← client".Length);
        var room = Math.Max(3, Size.Lines - OtherLines - Footer.Count);
        var all = StateLooks.WorstFirst(status.Pods).ToList();
        foreach (var pod in all.Take(all.Count > room ? room - 1 : room))
        {
            var (mark, color) = StateLooks.Of(pod.State);
            var live = rates.GetValueOrDefault(pod.Pod.HubbleName);
            var share = sample.OkPerSecond > 0 ? (live?.OkPerSecond ?? 0) / sample.OkPerSecond : 0;
            var line = Line()
                .Add($"  {mark} ", color)
                .Add(names[pod.Pod.Name].PadRight(nameWidth), color)
                .Add($"  {nodes[pod.Pod.Node]}{(pod.OnClientNode ? " ← client" : "")}".PadRight(nodeWidth + 2))
                .Add($"  {StyledLine.Bar(share, BarWidth)}", color)
                .Add(Invariant($" {share * 100, 3:0} %  {live?.OkPerSecond ?? 0, 5:0.0} ok/s"));
            if (errors.GetValueOrDefault(pod.Pod.HubbleName) is > 0 and var failed)
                line.Add(Invariant($"  {failed, 5:0.0} 5xx/s"), "red");
            if (Size.Columns >= LatencyWidth && live?.LatencyMs is { } latency)
                line.Add(Invariant($"  p50 {latency.P50:0.0} ms  p99 {latency.P99:0.0} ms"), "grey");
            yield return line.ToString();
        }
        if (all.Count > room)
            yield return Line().Add($"  … and {all.Count - room + 1} more pods", "grey").ToString();
        // Requests that no Pod answered have a line of their own.
        if (sample.FailedPerSecond > 0)
        {
            var kinds = Report is { } report ? FailureText.Of(report.Latest.ByStatus, report.Latest.Unanswered) : "";
            var text = Invariant(
                $"  failed  {sample.FailedPerSecond:0.0}/s{(kinds.Length > 0 ? $", in this phase {kinds}" : "")}"
            );
            yield return Line().Add(text, "red").ToString();
        }
    }

    private (IReadOnlyDictionary<string, string> Pods, IReadOnlyDictionary<string, string> Nodes) Names(
        RunStatus status
    )
    {
        var (pods, nodes) = (status.Pods.Select(p => p.Pod.Name), status.Pods.Select(p => p.Pod.Node));
        return Size.Columns < NamesWidth ? (ShortNames.Of(pods), ShortNames.Of(nodes)) : (Whole(pods), Whole(nodes));
    }

    private static Dictionary<string, string> Whole(IEnumerable<string> names) =>
        names.Distinct(StringComparer.Ordinal).ToDictionary(n => n, n => n, StringComparer.Ordinal);

    private static int Widest(IEnumerable<string> names, int atMost) =>
        Math.Min(atMost, names.Select(n => n.Length).DefaultIfEmpty(0).Max());

    private IEnumerable<string> Reasons(RunStatus status)
    {
        if (!status.IsFault)
            yield break;
        foreach (var (title, text) in SummaryText.Reasons(status))
            yield return Line().Add($"{title, -7} ", "grey").Add(text).ToString();
    }
}
