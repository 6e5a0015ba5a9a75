using CiliumDebugging.Measurement.Reports.Document;
using static CiliumDebugging.Measurement.Reports.Formats.Md;

namespace CiliumDebugging.Measurement.Reports.Formats;

/// <summary><c>report.md</c>: the run as one would file it as an issue.</summary>
public static class MarkdownReport
{
    private const string PodColumns =
        "| pod | node | ok/s | share of connections | share of successes | success rate "
        + "| 5xx/s attributed to this pod (Hubble) | echo/s | Hubble req/s | Hubble ok/s |";

    /// <summary>Pods of the short table; all of them are in the details.</summary>
    private const int MaxSummaryPods = 8;

    public static string Write(ReportDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return $"""
            {Notice(document)}# {Text(Headline.Title(document))}

            Scenario {Text(document.Scenario.Name)}: {Text(document.Scenario.Title)}\
            {Text(Headline.Of(document))}

            {Quality(document)}## What happened

            {Lines(Headline.Story(document).Select(m => $"- `{m.Clock}` {Text(m.Text)}"))}
            {Summary(document.Latest)}
            {Diagnosis(document.Diagnosis)}{Reproduce(document)}{Details(
                "Environment",
                Environment(document)
            )}{Details("What was measured, phase by phase", string.Concat(document.Phases.Select(Phase)))}{Details(
                $"Do client, Hubble and backend counts agree? {Headline.Agreement(document)}",
                Reconciliation(document)
            )}{Details("Over time", Charts(document))}{Expectations(document)}{Settings(document.Cluster)}
            """;
    }

    /// <summary>A part that is opened by a click; nothing where it is empty.</summary>
    private static string Details(string title, string body) =>
        body.Length == 0 ? "" : $"<details><summary>{Text(title)}</summary>\n\n{body.TrimEnd('\n')}\n\n</details>\n\n";

    /// <summary>The Pods of a phase in a few columns.</summary>
    private static string Summary(PhaseInfo phase)
    {
        var seconds = Math.Max(phase.Seconds, 1e-9);
        string Row(PodInfo pod) =>
            $"| {Code(pod.Name)} | {Code(pod.Node)}{(pod.OnClientNode ? " ← client" : "")} "
            + $"| {Headline.Percent(pod.DeliveryShare)} of {pod.Expected * 100:0} % | {pod.Ok / seconds:0.0} "
            + $"| {pod.HubbleServerErrors / seconds:0.0} |";
        return $"""
            | pod, phase {Text(phase.Name)} | node | share of successes | ok/s | 5xx/s |
            |---|---|--:|--:|--:|
            {Lines(phase.Pods.OrderBy(p => p.Ok).Take(MaxSummaryPods).Select(Row))}{Failed()}
            """;

        // Failures that name no Pod are in no row.
        string Failed() =>
            Headline.Failures(phase) is { Length: > 0 } failures
                ? $"| **failed** {phase.Failures} of {phase.Requests} | {Text(failures)} | | | |\n"
                : "";
    }

    private static string Reproduce(ReportDocument document)
    {
        var command = Headline.Command(document);
        var pods = document
            .Latest.Pods.Select(p => (p.Namespace, p.Name, p.Node))
            .Append((Namespace: "", Name: document.Cluster.ClientPod, Node: document.Cluster.ClientNode));
        var body = $"""
            {Lines(document.Steps.Select((step, i) => $"{i + 1}. {Text(step)}"))}
            {Lines(
                document.Policies.Select(p => $"{Code(p.File)}:\n\n{Fenced(p.Yaml, "yaml")}")
            )}| namespace | pod | node |
            |---|---|---|
            {Lines(pods.Select(p => $"| {Text(p.Namespace)} | {Code(p.Name)} | {Code(p.Node)} |"))}
            """;
        return $"## Reproduce\n\n{(command.Length == 0 ? "" : $"{Fenced(command, "sh")}\n")}"
            + Details("Steps, policies and pods", body);
    }

    private static string Notice(ReportDocument document) =>
        document.Cluster.Notice.Length == 0 ? "" : $"**{Text(document.Cluster.Notice)}.**\n\n";

    private static string Diagnosis(DiagnosisInfo diagnosis)
    {
        var hop = diagnosis.Hop.Length > 0 ? $"Where: {Text(diagnosis.Hop)}.\n\n" : "";
        return $"## Diagnosis: {Text(diagnosis.Name)}\n\n{Text(diagnosis.Sentence)}\n\n{hop}"
            + List("What helps", diagnosis.Remedies.Select(Text))
            + List("What would refute it", diagnosis.Refutes.Select(Text))
            + Details(
                "What supports it",
                List("What supports it", diagnosis.Supports.Select(Text))
                    + List("Further reading", diagnosis.Links.Select(Link))
            );
    }

    private static string Environment(ReportDocument document)
    {
        var source = document.Scenario.Source;
        var described = source.Length > 0 ? $"- described in {Link(source)}\n" : "";
        return Lines(Headline.Environment(document).Select(fact => $"- {fact.Name} {Text(fact.Text)}")) + described;
    }

    private static string Phase(PhaseInfo phase) =>
        phase.IsEvaluated
            ? Evaluated(phase)
            : $"### {Text(Headline.Counts(phase))}\n\n{Text(Headline.Between(phase))}\n\n";

    private static string Evaluated(PhaseInfo phase) =>
        $"""
            ### {Text(Headline.Counts(phase))}

            {PodColumns}
            |---|---|--:|--:|--:|--:|--:|--:|--:|--:|
            {Lines(phase.Pods.Select(pod => Pod(pod, Math.Max(phase.Seconds, 1e-9))))}{Failures(phase)}
            {Matrix(phase)}{Lines(Headline.Facts(phase).Select(fact => $"- {fact.Name}: {Text(fact.Text)}"))}

            """;

    private static string Pod(PodInfo pod, double seconds) =>
        $"| {Code(pod.Name)} | {Code(pod.Node)}{(pod.OnClientNode ? " (client)" : "")} | {pod.Ok / seconds:0.0} "
        + $"| {Headline.Of(pod.SelectionShare)} | {Headline.Of(pod.DeliveryShare)} | {Headline.Of(pod.SuccessRate)} "
        + $"| {pod.HubbleServerErrors / seconds:0.0} | {pod.Echo / seconds:0.0} | {pod.HubbleRequests / seconds:0.0} "
        + $"| {pod.HubbleOk / seconds:0.0} |";

    /// <summary>Failures that name no Pod would be in no row.</summary>
    private static string Failures(PhaseInfo phase) =>
        Headline.Failures(phase) is { Length: > 0 } failures
            ? $"| **failed** | {Text(failures)} | | | | | | | | |\n"
            : "";

    private static string Matrix(PhaseInfo phase)
    {
        if (phase.ClientNodes.Length < 2)
            return "";
        string Cells(Func<PodInfo, string> cell) => string.Join(" | ", phase.Pods.Select(cell));
        string Row(ClientNodeInfo row) =>
            $"| {Code(row.Node)} | {Cells(p => $"{row.ByPod.GetValueOrDefault(p.Name)}")} | {Text(row.Verdict.Kind)} |";
        return $"""
            Chosen pods by the clients' node:

            | clients on | {Cells(p => Code(p.Name))} | verdict |
            |---|{string.Concat(phase.Pods.Select(_ => "--:|"))}---|
            {Lines(phase.ClientNodes.Select(Row))}

            """;
    }

    private static string Quality(ReportDocument document)
    {
        if (document.Quality.IsEmpty)
            return "";
        var result = document.Quality.Any(q => q.Fails) ? "no verdict" : "sound";
        var findings = document.Quality.Select(q => $"- {(q.Fails ? "**forbids a verdict**: " : "")}{Text(q.Text)}");
        return $"## Quality of the counters: {result}\n\n{Lines(findings)}\n";
    }

    private static string Onsets(ReportDocument document) =>
        document.Onsets.IsEmpty ? "" : Lines(document.Onsets.Select(onset => $"- {Text(Headline.Of(onset))}")) + "\n";

    private static string Charts(ReportDocument document)
    {
        var charts = Rates.Charts(document).Select(c => TextCharts.Draw(c, document)).Where(c => c.Length > 0).ToList();
        return charts.Count == 0
            ? ""
            : $"""
                Rates over the {Rates.WindowSeconds(document):0.#} s before each point.

                {Lines(charts.Select(c => Fenced(c)))}
                """;
    }

    private static string Reconciliation(ReportDocument document)
    {
        static string Row(ReconciliationInfo line) =>
            $"| {Text(line.What)} | {Text(line.Left)} {line.LeftCount:0} | {Text(line.Right)} {line.RightCount:0} "
            + $"| {line.Difference:+0;-0;0} | {Text(line.Explanation)} |";
        return document.Reconciliation.IsEmpty
            ? ""
            : $"""
                | what is counted | first count | second count | difference | why |
                |---|--:|--:|--:|---|
                {Lines(document.Reconciliation.Select(Row))}

                """;
    }

    private static string Expectations(ReportDocument document)
    {
        if (document.Expectations.IsEmpty)
            return "";
        var checks = document.Expectations.Select(e =>
            $"- [{(e.Holds ? 'x' : ' ')}] {Text(e.What)} ({Text(e.Observed)})"
        );
        return Details(Headline.Checks(document), Lines(checks));
    }

    private static string Settings(ClusterInfo cluster)
    {
        var yaml = string.Join('\n', cluster.Settings.Select(s => $"{s.Key}: {s.Value}"));
        return cluster.Settings.IsEmpty
            ? ""
            : $"""
                <details><summary>Settings (kube-system/cilium-config)</summary>

                {Fenced(yaml, "yaml")}
                </details>

                """;
    }

    private static string List(string title, IEnumerable<string> items)
    {
        var lines = Lines(items.Select(item => $"- {item}"));
        return lines.Length == 0 ? "" : $"{title}:\n\n{lines}\n";
    }

    private static string Lines(IEnumerable<string> lines) => string.Concat(lines.Select(line => $"{line}\n"));
}
