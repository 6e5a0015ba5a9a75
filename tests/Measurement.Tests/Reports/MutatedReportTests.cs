using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Reports;
using CiliumDebugging.Measurement.Reports.Compare;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.Measurement.Reports.Html;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Reports;

/// <summary>Files of others, nearly right: they are refused in words or read, and what is read can be used.</summary>
public sealed class MutatedReportTests
{
    [Fact]
    public void A_report_is_refused_as_none_or_can_be_redacted_compared_and_written()
    {
        var good = DocumentOf.Run(SampleRun.Create());
        var (read, refused) = (0, 0);
        foreach (var text in Mutations.Of(ReportJson.Write(good), seed: 1))
        {
            ReportDocument document;
            try
            {
                document = ReportJson.Read(text);
            }
            catch (InvalidDataException e)
            {
                e.Message.ShouldNotBeEmpty();
                refused++;
                continue;
            }
            read++;
            Redaction.Apply(document);
            Comparison.Of(good, document);
            if (read % 10 != 0)
                continue;
            MarkdownReport.Write(document);
            HtmlReport.Write(document);
            JUnitReport.Write(document);
        }
        (read > 0 && refused > 0).ShouldBeTrue($"{read} read, {refused} refused");
    }

    [Fact]
    public void Metrics_of_others_are_refused_as_none_or_read()
    {
        const string Good = """
            # HELP hubble_http_requests_total requests
            # TYPE hubble_http_requests_total counter
            hubble_http_requests_total{method="GET",source="a/b",destination="c/d"} 12.5 1395066363000
            echo_requests{x="\"\\\n"} 1e3
            """;
        foreach (var text in Mutations.Of(Good, seed: 2))
        {
            try
            {
                PrometheusSamples.Parse(text);
            }
            catch (FormatException e)
            {
                e.Message.ShouldNotBeEmpty();
            }
        }
    }
}
