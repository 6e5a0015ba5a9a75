using CiliumDebugging.Measurement.Reports;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.Measurement.Reports.Html;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Reports;

public class RedactionTests
{
    private static readonly ReportDocument s_document = DocumentOf.Run(SampleRun.Create(settingValue: "10.0.0.0/8"));

    [Fact]
    public void No_format_has_a_name_or_an_address_of_the_cluster()
    {
        var redacted = Redaction.Apply(s_document);
        var everything =
            ReportJson.Write(redacted)
            + MarkdownReport.Write(redacted)
            + HtmlReport.Write(redacted)
            + JUnitReport.Write(redacted);
        foreach (var name in (string[])["7d9f", "aaaaa", "cluster-worker", "load-test-1", "backend-1", "10.0.0.0"])
            everything.ShouldNotContain(name);
        everything.ShouldContain("pod-1");
        everything.ShouldContain("node-3");
    }

    [Fact]
    public void Numbers_verdicts_and_links_stay()
    {
        var redacted = Redaction.Apply(s_document);
        redacted.Redacted.ShouldBeTrue();
        redacted
            .Phases.Select(p => (p.Requests, p.Ok, p.Delivery.Kind))
            .ShouldBe(s_document.Phases.Select(p => (p.Requests, p.Ok, p.Delivery.Kind)));
        redacted.Series.Pods.Select(p => p.Echo[^1]).ShouldBe(s_document.Series.Pods.Select(p => p.Echo[^1]));
        redacted.Diagnosis.Links.ShouldBe(s_document.Diagnosis.Links);
        redacted.Phases[1].Pods.Select(p => p.HubbleName).ShouldBe(redacted.Phases[0].Pods.Select(p => p.HubbleName));
        redacted.Cluster.Settings["tunnel"].ShouldBe("(redacted)");
    }

    [Theory]
    [InlineData("http://payments.acme:8080/echo", "http://service-1.namespace-2:8080/echo")]
    [InlineData("http://payments.acme.svc.corp.example/echo", "http://service-1.namespace-2.domain-1/echo")]
    [InlineData("http://payments.backend/", "http://service-1.namespace-1/")]
    [InlineData("http://[2001:db8::1]:8080/", "http://[(address)]:8080/")]
    public void Every_part_of_the_host_goes(string url, string expected) =>
        Redaction.Apply(s_document with { Load = s_document.Load with { Url = url } }).Load.Url.ShouldBe(expected);

    [Fact]
    public void Harmless_settings_stay() =>
        Redaction
            .Apply(DocumentOf.Run(SampleRun.Create(settingValue: "vxlan")))
            .Cluster.Settings["tunnel"]
            .ShouldBe("vxlan");
}
