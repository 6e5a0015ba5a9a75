using System.Globalization;
using CiliumDebugging.Measurement.Reports.Document;

namespace CiliumDebugging.Lab.Observing;

/// <summary>What was observed, as text.</summary>
public static class ObservationText
{
    /// <summary>Writes it.</summary>
    /// <param name="document">The report.</param>
    /// <param name="requests">Requests that observing took.</param>
    /// <param name="output">Where to.</param>
    public static void Write(ReportDocument document, long requests, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(document);
        ArgumentNullException.ThrowIfNull(output);
        var phase = document.Phases[^1];
        void Line(string name, string text) => output.WriteLine(name.Length == 0 ? "" : $"{name, -12} {text}");
        output.WriteLine();
        output.WriteLine(
            F(
                $"{document.Scenario.Title}: {phase.Requests} requests in {phase.Seconds:0} s, seen by {phase.SelectionSource}; {requests} requests of observe's own"
            )
        );
        var width = Math.Max(3, phase.Pods.Select(p => p.Name.Length).DefaultIfEmpty(0).Max());
        var node = Math.Max(4, phase.Pods.Select(p => p.Node.Length).DefaultIfEmpty(0).Max());
        output.WriteLine(
            F(
                $"{"pod".PadRight(width)}  {"node".PadRight(node)}  {"chosen", -22}  {"successes", -22}  {"success rate", -22}"
            )
        );
        foreach (var pod in phase.Pods)
            output.WriteLine(
                F(
                        $"{pod.Name.PadRight(width)}  {pod.Node.PadRight(node)}  {Interval(pod.SelectionShare), -22}  {Interval(pod.DeliveryShare), -22}  {Interval(pod.SuccessRate), -22}"
                    )
                    .TrimEnd()
            );
        foreach (var finding in document.Quality)
            Line("quality", finding.Fails ? $"FAILED: {finding.Text}" : finding.Text);
        if (phase.ClientNodes.Length > 1)
            foreach (var row in phase.ClientNodes)
                Line(
                    "clients on",
                    F(
                        $"{row.Node}: {string.Join(", ", row.ByPod.Select(p => F($"{p.Key} {p.Value}")))} ({row.Verdict.Kind})"
                    )
                );
        Line("selection", phase.Selection.Text);
        Line("delivery", phase.Delivery.Text);
        foreach (var onset in document.Onsets)
            Line(
                "onset",
                F(
                    $"delivery skewed since {onset.At ?? 0:0} s ({(onset.Events.IsEmpty ? "no recorded event" : string.Join(", ", onset.Events))}); alarm at {onset.AlarmAt:0} s{(onset.EndAt is { } end ? F($"; {onset.End} at {end:0} s") : "")}"
                )
            );
        foreach (var e in document.Events)
            Line("event", F($"{e.At:0} s: {e.Name}"));
        Line("diagnosis", $"{document.Diagnosis.Name}: {document.Diagnosis.Sentence}");
        foreach (var remedy in document.Diagnosis.Remedies)
            Line("remedy", remedy);
    }

    private static string Interval(IntervalInfo interval) =>
        F(
            $"{(interval.Estimate is { } estimate ? F($"{estimate * 100:0.#} %") : "–")} [{interval.Lower * 100:0.#}–{interval.Upper * 100:0.#}]"
        );

    private static string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
