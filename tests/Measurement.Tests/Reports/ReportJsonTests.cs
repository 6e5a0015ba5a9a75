using System.Globalization;
using System.Text.RegularExpressions;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Reports;

/// <summary>The saved form of a report: other programs read it, so fields, their order and their values stay.</summary>
public sealed partial class ReportJsonTests
{
    /// <summary>The last digits of a double depend on the machine's mathematical library; nine are compared.</summary>
    [Fact]
    public void The_sample_run_is_saved_as_in_the_stored_file()
    {
        var stored = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Reports", "sample-report.json"));
        var saved = ReportJson.Write(DocumentOf.Run(SampleRun.Create()));

        Rounded(saved).ShouldBe(Rounded(stored.TrimEnd('\n')));
    }

    private static string Rounded(string json) =>
        Fractions().Replace(json, m => $"{double.Parse(m.Value, CultureInfo.InvariantCulture):G9}");

    [GeneratedRegex(@"-?\d+\.\d+(E-?\d+)?")]
    private static partial Regex Fractions();
}
