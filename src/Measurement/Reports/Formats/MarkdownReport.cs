using System.Text;
using CiliumDebugging.Measurement.Reports.Document;
using static CiliumDebugging.Measurement.Reports.Formats.Md;

namespace CiliumDebugging.Measurement.Reports.Formats;

/// <summary><c>report.md</c>: the run as one would file it as an issue.</summary>
public static class MarkdownReport
{
    /// <summary>The report.</summary>
    public static string Write(ReportDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        var text = new StringBuilder();
        text.Append(F($"# {Text(document.Scenario.Title)}\n\n{Text(Headline.Of(document))}\n\n"));
        Quality(text, document);
        Diagnosis(text, document.Diagnosis);
        Environment(text, document);
        text.Append("## Steps\n\n");
        foreach (var (step, i) in document.Steps.Select((s, i) => (s, i)))
            text.Append(F($"{i + 1}. {Text(step)}\n"));
        text.Append(
            document.Load.Url.Length == 0
                ? F(
                    $"\nNo load was made; about {document.Load.RatePerSecond:0.##} requests/s were seen, most of them from {Code(document.Cluster.ClientNode)} ({Text(document.Cluster.ClientPod)}).\n\n"
                )
                : F(
                    $"\nThe load: {Code($"{document.Load.Method} {document.Load.Url}")}, {document.Load.RatePerSecond:0.##} requests/s {Connections(document.Load)}, from {Code(document.Cluster.ClientPod)} on {Code(document.Cluster.ClientNode)}.\n\n"
                )
        );
        text.Append("## What was measured\n\n");
        foreach (var phase in document.Phases)
            Phase(text, phase);
        foreach (var onset in document.Onsets)
            text.Append(F($"- {Text(Headline.Of(onset))}\n"));
        if (document.Onsets.Length > 0)
            text.Append('\n');
        Charts(text, document);
        Reconciliation(text, document);
        Expectations(text, document);
        Settings(text, document);
        return text.ToString();
    }

    private static void Diagnosis(StringBuilder text, DiagnosisInfo diagnosis)
    {
        text.Append(F($"## Diagnosis: {Text(diagnosis.Name)}\n\n{Text(diagnosis.Sentence)}\n\n"));
        if (diagnosis.Hop.Length > 0)
            text.Append(F($"Where: {Text(diagnosis.Hop)}.\n\n"));
        List(text, "What supports it", diagnosis.Supports.Select(Text));
        List(text, "What would refute it", diagnosis.Refutes.Select(Text));
        List(text, "What helps", diagnosis.Remedies.Select(Text));
        List(text, "Read on", diagnosis.Links.Select(Link));
    }

    private static void Environment(StringBuilder text, ReportDocument document)
    {
        text.Append("## Environment\n\n");
        text.Append(
            F(
                $"- Cilium {Text(document.Cluster.CiliumVersion ?? "of unknown version")}\n- cilium-debugging {Text(document.Environment.Lab)}, {Text(document.Environment.Runtime)}\n"
            )
        );
        if (document.Cluster.Kubernetes is { } kubernetes)
            text.Append(
                F(
                    $"- Kubernetes {Text(string.Join("; ", document.Cluster.Nodes.Select(n => n.ToString()).Prepend(kubernetes)))}\n"
                )
            );
        text.Append(
            F(
                $"- {Text(document.Environment.System)}, {document.Environment.Processors} processors\n- {document.StartedAt:yyyy-MM-dd HH:mm:ss} UTC\n"
            )
        );
        if (document.Scenario.Source.Length > 0)
            text.Append(F($"- described in {Link(document.Scenario.Source)}\n"));
        text.Append('\n');
    }

    private static void Phase(StringBuilder text, PhaseInfo phase)
    {
        text.Append(
            F(
                $"### {Text(phase.Name)}: {phase.Seconds:0.#} s, {phase.Requests} requests, {phase.Ok} succeeded, {phase.Failures} failed\n\n"
            )
        );
        text.Append(
            "| pod | node | 2xx/s | share of connections | share of 2xx | success rate | 5xx in its name/s (Hubble) | echo/s | Hubble req/s | Hubble 2xx/s |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        );
        var seconds = Math.Max(phase.Seconds, 1e-9);
        foreach (var pod in phase.Pods)
            text.Append(
                F(
                    $"| {Code(pod.Name)} | {Code(pod.Node)}{(pod.OnClientNode ? " (client)" : "")} | {pod.Ok / seconds:0.0} | {Headline.Of(pod.SelectionShare)} | {Headline.Of(pod.DeliveryShare)} | {Headline.Of(pod.SuccessRate)} | {pod.HubbleServerErrors / seconds:0.0} | {pod.Echo / seconds:0.0} | {pod.HubbleRequests / seconds:0.0} | {pod.HubbleOk / seconds:0.0} |\n"
                )
            );
        text.Append('\n');
        Matrix(text, phase);
        var failures = Headline.Failures(phase);
        if (failures.Length > 0)
            text.Append(F($"- failures: {Text(failures)}\n"));
        text.Append(F($"- success rate: {Headline.Of(phase.SuccessRate)}\n"));
        text.Append(
            F(
                $"- selection (seen by {Text(phase.SelectionSource)}): {Text(phase.Selection.Text)}\n- delivery: {Text(phase.Delivery.Text)}\n"
            )
        );
        if (phase.Selection.Measures is { } selection)
            text.Append(F($"- unevenness of selection: {Headline.Of(selection)}\n"));
        if (phase.Delivery.Measures is { } delivery)
            text.Append(F($"- unevenness of delivery: {Headline.Of(delivery)}\n"));
        if (phase.Locality is { } locality)
            text.Append(F($"- locality: {Headline.Of(locality)}\n"));
        if (phase.Latency is { } latency)
            text.Append(
                F(
                    $"- latency: median {latency.P50.Estimate:0.##} ms, 99 % {latency.P99.Estimate:0.##} ms, longest {latency.MaxMs:0.##} ms\n"
                )
            );
        text.Append(F($"- HTTP rules: {Headline.Of(phase.HttpRules)}\n\n"));
    }

    private static void Matrix(StringBuilder text, PhaseInfo phase)
    {
        if (phase.ClientNodes.Length < 2)
            return;
        text.Append(
            F(
                $"Chosen pods by the clients' node:\n\n| clients on | {string.Join(" | ", phase.Pods.Select(p => Code(p.Name)))} | verdict |\n|---|{string.Concat(phase.Pods.Select(_ => "--:|"))}---|\n"
            )
        );
        foreach (var row in phase.ClientNodes)
            text.Append(
                F(
                    $"| {Code(row.Node)} | {string.Join(" | ", phase.Pods.Select(p => F($"{row.ByPod.GetValueOrDefault(p.Name)}")))} | {Text(row.Verdict.Kind)} |\n"
                )
            );
        text.Append('\n');
    }

    private static void Quality(StringBuilder text, ReportDocument document)
    {
        if (document.Quality.IsEmpty)
            return;
        text.Append(
            F($"## Quality of the counters: {(document.Quality.Any(q => q.Fails) ? "no verdict" : "sound")}\n\n")
        );
        foreach (var finding in document.Quality)
            text.Append(F($"- {(finding.Fails ? "**forbids a verdict**: " : "")}{Text(finding.Text)}\n"));
        text.Append('\n');
    }

    private static void Charts(StringBuilder text, ReportDocument document)
    {
        var charts = Rates.Charts(document).Select(c => TextCharts.Draw(c, document)).Where(c => c.Length > 0).ToList();
        if (charts.Count == 0)
            return;
        text.Append(F($"## Over time\n\nRates over the {Rates.WindowSeconds(document):0.#} s before each point.\n\n"));
        foreach (var chart in charts)
            text.Append(Fenced(chart)).Append('\n');
    }

    private static void Reconciliation(StringBuilder text, ReportDocument document)
    {
        if (document.Reconciliation.IsEmpty)
            return;
        text.Append(
            F(
                $"## Do the three views agree? {(document.Reconciles ? "Exactly." : "Not everywhere.")}\n\n| count | one view | other view | difference | why |\n|---|--:|--:|--:|---|\n"
            )
        );
        foreach (var line in document.Reconciliation)
            text.Append(
                F(
                    $"| {Text(line.What)} | {Text(line.Left)} {line.LeftCount:0} | {Text(line.Right)} {line.RightCount:0} | {line.Difference:+0;-0;0} | {Text(line.Explanation)} |\n"
                )
            );
        text.Append('\n');
    }

    private static void Expectations(StringBuilder text, ReportDocument document)
    {
        if (document.Expectations.IsEmpty)
            return;
        text.Append(
            F(
                $"## Expectation of scenario {Text(document.Scenario.Name)}: {(document.Holds ? "holds" : "does not hold")}\n\n"
            )
        );
        foreach (var e in document.Expectations)
            text.Append(F($"- [{(e.Holds ? 'x' : ' ')}] {Text(e.What)} ({Text(e.Observed)})\n"));
        text.Append('\n');
    }

    private static string Connections(LoadInfo load) =>
        F(
            $"on {(load.KeptConnections > 0 ? F($"{load.KeptConnections} kept-alive connection(s)") : "fresh connections")}{(load.Ports is { } ports ? $" from client ports {Code(ports)}" : "")}"
        );

    private static void Settings(StringBuilder text, ReportDocument document)
    {
        if (document.Cluster.Settings.IsEmpty)
            return;
        text.Append("<details><summary>Settings (kube-system/cilium-config)</summary>\n\n");
        text.Append(Fenced(string.Join('\n', document.Cluster.Settings.Select(s => $"{s.Key}: {s.Value}")), "yaml"));
        text.Append("\n</details>\n");
    }

    private static void List(StringBuilder text, string title, IEnumerable<string> items)
    {
        var lines = items.ToList();
        if (lines.Count == 0)
            return;
        text.Append(F($"{title}:\n\n"));
        foreach (var line in lines)
            text.Append(F($"- {line}\n"));
        text.Append('\n');
    }
}
