using System.Collections.Immutable;
using CiliumDebugging.Measurement.Reports.Document;
using static CiliumDebugging.Measurement.Reports.Html.Markup;

namespace CiliumDebugging.Measurement.Reports.Html;

/// <summary>The panels at the top of the page: whether the counters can be believed, and the mechanism.</summary>
internal static class DiagnosisSections
{
    public static Markup Quality(ImmutableArray<QualityInfo> findings)
    {
        if (findings.IsEmpty)
            return None;
        var (css, result) = findings.Any(q => q.Fails) ? ("bad", "no verdict") : ("good", "sound");
        return Of(
            $"""
            <section class="panel"><h2>Quality of the counters: <span class="{css}">{result}</span></h2>
            <ul>
            {Each(findings, f => Of($"<li class=\"{(f.Fails ? "bad" : "")}\">{f.Text}</li>\n"))}</ul></section>

            """
        );
    }

    public static Markup Diagnosis(DiagnosisInfo diagnosis) =>
        Of(
            $"""
            <section id="diagnosis" class="panel"><h2>Diagnosis: {diagnosis.Name}</h2>
            <p>{diagnosis.Sentence}</p>
            {(diagnosis.Hop.Length > 0 ? Of($"<p>Where: {diagnosis.Hop}.</p>\n") : None)}
            {List("What supports it", diagnosis.Supports, Plain)}{List(
                "What would refute it",
                diagnosis.Refutes,
                Plain
            )}
            {List("What helps", diagnosis.Remedies, Plain)}{List("Further reading", diagnosis.Links, Link)}</section>

            """
        );

    private static Markup Plain(string text) => Of($"{text}");

    private static Markup List(string title, ImmutableArray<string> items, Func<string, Markup> piece) =>
        items.IsEmpty
            ? None
            : Of($"<h4>{title}</h4>\n<ul>\n{Each(items, item => Of($"<li>{piece(item)}</li>\n"))}</ul>\n");
}
