using System.Xml.Linq;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Reports;

public sealed class JUnitTests
{
    private static readonly ReportDocument s_document = DocumentOf.Run(SampleRun.Create());

    [Fact]
    public void Test_cases_take_as_long_as_their_phase() =>
        XDocument
            .Parse(JUnitReport.Write(s_document))
            .Descendants("testcase")
            .Select(c => c.Attribute("time")!.Value)
            .ShouldBe(["30", "30", "0", "0"]);

    [Fact]
    public void JUnit_counts_what_does_not_hold_even_with_characters_xml_has_no_way_to_write()
    {
        const string Text = "</failure> \"'& \u0001\ud83d\ude00";
        var hostile = s_document with
        {
            Expectations = [new ExpectationInfo(Text, false, Text), .. s_document.Expectations],
        };
        var suite = XDocument.Parse(JUnitReport.Write(hostile)).Root!.Element("testsuite")!;

        suite.Attribute("tests")!.Value.ShouldBe("5");
        suite.Attribute("failures")!.Value.ShouldBe("3");
        suite.Elements("testcase").Count(c => c.Element("failure") is not null).ShouldBe(3);
        suite.Elements("testcase").First().Attribute("name")!.Value.ShouldContain("\ud83d\ude00");
    }
}
