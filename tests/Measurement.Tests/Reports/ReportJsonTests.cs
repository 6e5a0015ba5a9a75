using System.Globalization;
using System.Text.Json.Nodes;
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

    [Theory]
    [InlineData("phases[0].pods[0]", null, "phases[0].pods[0] is null")]
    [InlineData("phases[1].pods[2].ok", -1, "phases[1].pods[2].ok is -1: expected 0 or more")]
    [InlineData("totals.requests", -5, "totals.requests is -5: expected 0 or more")]
    [InlineData("phases[0].pods", null, "phases[0].pods is null: expected a list")]
    [InlineData("events[0]", null, "events[0] is null")]
    [InlineData("series.at[0]", null, "series.at[0] is null")]
    public void What_no_run_can_have_is_refused_with_its_place(string path, int? value, string expected)
    {
        var json = JsonNode.Parse(ReportJson.Write(DocumentOf.Run(SampleRun.Create())))!;
        var parts = path.Replace("[", ".", StringComparison.Ordinal)
            .Replace("]", "", StringComparison.Ordinal)
            .Split('.');
        var parent = parts[..^1]
            .Aggregate(json, (node, part) => int.TryParse(part, out var i) ? node[i]! : node[part]!);
        if (int.TryParse(parts[^1], out var index))
            parent[index] = value;
        else
            parent[parts[^1]] = value;

        Should.Throw<InvalidDataException>(() => ReportJson.Read(json.ToJsonString())).Message.ShouldBe(expected);
    }

    [Fact]
    public void A_number_beyond_all_numbers_is_refused()
    {
        var json = ReportJson.Write(DocumentOf.Run(SampleRun.Create()));
        var at = json.IndexOf("\"tolerance\": ", StringComparison.Ordinal) + "\"tolerance\": ".Length;

        Should
            .Throw<InvalidDataException>(() => ReportJson.Read($"{json[..at]}1e999, \"x\": {json[at..]}"))
            .Message.ShouldBe("phases[0].selection.tolerance is 1e999: expected a number of 64 bits");
    }

    [Fact]
    public void Counts_that_are_not_as_many_as_their_moments_are_refused()
    {
        var document = DocumentOf.Run(SampleRun.Create());
        var cut = document with { Series = document.Series with { At = [] } };
        Should
            .Throw<InvalidDataException>(() => ReportJson.Read(ReportJson.Write(cut)))
            .Message.ShouldContain("as many as there are moments");
        Should
            .Throw<InvalidDataException>(() => ReportJson.Read(ReportJson.Write(document with { Phases = [] })))
            .Message.ShouldContain("phases is empty");
    }

    private static string Rounded(string json) =>
        Fractions().Replace(json, m => $"{double.Parse(m.Value, CultureInfo.InvariantCulture):G9}");

    [GeneratedRegex(@"-?\d+\.\d+(E-?\d+)?")]
    private static partial Regex Fractions();
}
