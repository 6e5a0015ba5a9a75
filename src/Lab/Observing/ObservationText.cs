using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;
using static System.FormattableString;

namespace CiliumDebugging.Lab.Observing;

/// <summary>The report of an observation as text.</summary>
public static class ObservationText
{
    /// <summary>Writes a report, and the number of requests that the observation made.</summary>
    public static void Write(ReportDocument document, long requests, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(document);
        ArgumentNullException.ThrowIfNull(output);
        var phase = document.Latest;
        void Line(string name, FormattableString text) => output.WriteLine($"{name, -12} {Invariant(text)}");
        var counted =
            phase is { Requests: 0, Seconds: 0 } && document.Quality.Any(q => q.Fails)
                ? "nothing is counted, because the quality gate fails"
                : Invariant($"{phase.Requests} requests in {phase.Seconds:0} s, seen by {phase.SelectionSource}");
        output.WriteLine();
        if (document.Cluster.Notice is { Length: > 0 } notice)
            output.WriteLine($"{notice}.");
        if (document.Result is { } result)
            Line("result", $"{result.Kind}: {result.Title}");
        output.WriteLine(Invariant($"{document.Scenario.Title}: {counted}; {requests} requests of observe's own"));
        WritePods(phase, output);
        if (phase.Failures > 0)
            Line("failed", $"{phase.Failures} of {phase.Requests}: {FailureText.Of(phase.ByStatus, phase.Unanswered)}");
        foreach (var finding in document.Quality)
            Line("quality", $"{(finding.Fails ? "FAILED: " : "")}{finding.Text}");
        if (phase.ClientNodes.Length > 1)
            foreach (var row in phase.ClientNodes)
            {
                var counts = string.Join(", ", row.ByPod.Select(p => Invariant($"{p.Key} {p.Value}")));
                Line("clients on", $"{row.Node}: {counts} ({row.Verdict.Kind})");
            }
        Line("selection", $"{phase.Selection.Text}");
        Line("delivery", $"{phase.Delivery.Text}");
        foreach (var onset in document.Onsets)
        {
            var events = onset.Events.IsEmpty ? "no recorded event" : string.Join(", ", onset.Events);
            var end = onset.EndAt is { } at ? Invariant($"; {onset.End} at {at:0} s") : "";
            Line("onset", $"delivery skewed since {onset.At ?? 0:0} s ({events}); alarm at {onset.AlarmAt:0} s{end}");
        }
        foreach (var e in document.Events)
            Line("event", $"{e.At:0} s: {e.Name}");
        Line("diagnosis", $"{document.Diagnosis.Name}: {document.Diagnosis.Sentence}");
        foreach (var remedy in document.Diagnosis.Remedies)
            Line("remedy", $"{remedy}");
    }

    private static void WritePods(PhaseInfo phase, TextWriter output)
    {
        var podWidth = Math.Max(3, phase.Pods.Select(p => p.Name.Length).DefaultIfEmpty(0).Max());
        var nodeWidth = Math.Max(4, phase.Pods.Select(p => p.Node.Length).DefaultIfEmpty(0).Max());
        void Row(string pod, string node, string chosen, string successes, string rate)
        {
            var names = $"{pod.PadRight(podWidth)}  {node.PadRight(nodeWidth)}";
            output.WriteLine($"{names}  {chosen, -22}  {successes, -22}  {rate}");
        }
        Row("pod", "node", "chosen", "successes", "success rate");
        foreach (var p in phase.Pods)
            Row(p.Name, p.Node, Interval(p.SelectionShare), Interval(p.DeliveryShare), Interval(p.SuccessRate));
    }

    private static string Interval(IntervalInfo interval)
    {
        var estimate = interval.Estimate is { } known ? Invariant($"{known * 100:0.#} %") : "–";
        return Invariant($"{estimate} [{interval.Lower * 100:0.#}–{interval.Upper * 100:0.#}]");
    }
}
