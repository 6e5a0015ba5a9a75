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
    public void What_no_run_can_have_is_refused_with_its_place(string path, int? value, string expected) =>
        Should.Throw<InvalidDataException>(() => ReportJson.Read(Edited(path, value))).Message.ShouldBe(expected);

    private static string Edited(string path, int? value) => Edited(path, value is { } number ? $"{number}" : "null");

    /// <param name="path">The field.</param>
    /// <param name="value">What it becomes, JSON.</param>
    private static string Edited(string path, string value)
    {
        const string Mark = "the value";
        var json = JsonNode.Parse(ReportJson.Write(DocumentOf.Run(SampleRun.Create())))!;
        var parts = path.Replace("[", ".", StringComparison.Ordinal)
            .Replace("]", "", StringComparison.Ordinal)
            .Split('.');
        var parent = parts[..^1]
            .Aggregate(json, (node, part) => int.TryParse(part, out var i) ? node[i]! : node[part]!);
        if (parent is JsonArray)
            parent[int.Parse(parts[^1], CultureInfo.InvariantCulture)] = Mark;
        else
            parent[parts[^1]] = Mark;
        return json.ToJsonString().Replace($"\"{Mark}\"", value, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("totals.requests", 999_999, "totals.requests is 999999: expected ok + failures, which is ")]
    [InlineData("phases[1].ok", 1000, "phases[1].requests is 1530: expected ok + failures, which is ")]
    [InlineData("phases[1].requests", 7, "phases[1].requests is 7: expected ok + failures, which is ")]
    [InlineData("phases[1].byStatus.503", 1, "phases[1].requests is 1530: expected byStatus + unanswered, which is ")]
    [InlineData("reconciliation[0].rightCount", 7, "reconciliation[0].difference is ")]
    [InlineData("phases[0].successRate.lower", 2, "phases[0].successRate.lower is 2: expected at most upper ")]
    [InlineData("phases[0].successRate.upper", 7, "phases[0].successRate.upper is 7: expected at most 1")]
    [InlineData("phases[0].successRate.estimate", 5, "phases[0].successRate.estimate is 5: expected at most upper ")]
    [InlineData("phases[0].pods[0].deliveryShare.upper", 3, "phases[0].pods[0].deliveryShare.upper is 3")]
    [InlineData("phases[0].pods[0].ok", 99_999, "phases[0].pods: the sum of ok is ")]
    [InlineData("phases[0].selection.unattributed", 99_999, "phases[0].selection.unattributed is 99999")]
    [InlineData("phases[0].selection.errorProbability", 2, "phases[0].selection.errorProbability is 2")]
    [InlineData("totals.notSent", 5, "totals.notSent is 5: expected the sum over phases, which is 0")]
    public void Numbers_that_contradict_one_another_are_refused_with_field_and_values(
        string path,
        int value,
        string expected
    ) =>
        Should
            .Throw<InvalidDataException>(() => ReportJson.Read(Edited(path, value)))
            .Message.ShouldStartWith(expected);

    [Theory]
    [InlineData("phases", "\"x\"", "phases is \"x\": expected a list")]
    [InlineData("cluster", "\"x\"", "cluster is \"x\": expected an object")]
    [InlineData("cluster", "null", "cluster is null: expected an object")]
    [InlineData("cluster.settings", "[]", "cluster.settings is []: expected an object")]
    [InlineData("phases[1].clientNodes", "[{}]", "phases[1].clientNodes[0].node is missing: expected a text")]
    [InlineData("diagnosis.remedies", "-1", "diagnosis.remedies is -1: expected a list")]
    [InlineData("diagnosis.remedies[0]", "1", "diagnosis.remedies[0] is 1: expected a text")]
    [InlineData("phases[1].requests", "1.5", "phases[1].requests is 1.5: expected a whole number of its size")]
    [InlineData("phases[1].byStatus.x", "1", "phases[1].byStatus.x: expected a whole number as the field's name")]
    [InlineData("phases[1].isEvaluated", "1", "phases[1].isEvaluated is 1: expected true or false")]
    [InlineData("startedAt", "\"now\"", "startedAt is \"now\": expected a time such as 2026-01-31T12:00:00Z")]
    [InlineData("series.at[0]", "{}", "series.at[0] is {}: expected a number")]
    [InlineData("scenario.title", "\"\\ud800\"", "scenario.title is \"\\ud800\": expected a text")]
    [InlineData("phases[0].start", "1e300", "phases[0].start is 1E+300: expected a time from -1000000000 to ")]
    [InlineData("events[0].at", "-1e12", "events[0].at is -1000000000000: expected a time from ")]
    [InlineData("onsets[0].alarmAt", "3e11", "onsets[0].alarmAt is 300000000000: expected a time from ")]
    [InlineData("onsets[0].at", "1e12", "onsets[0].at is 1000000000000: expected a time from ")]
    [InlineData("series.at[0]", "1e12", "series.at[0] is 1000000000000: expected a time from ")]
    [InlineData("startedAt", "\"9999-12-31T23:59:59Z\"", "startedAt is 9999-12-31T23:59:59.0000000+00:00: expected")]
    public void A_field_with_a_value_of_another_kind_is_refused_with_what_is_expected(
        string path,
        string value,
        string expected
    )
    {
        var error = Should.Throw<InvalidDataException>(() => ReportJson.Read(Edited(path, value)));
        error.Message.ShouldStartWith(expected);
        error.Message.ShouldNotContain("System.");
    }

    /// <summary>In reports of earlier versions a redirect is a failure.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Redirects_may_be_successes_or_as_in_earlier_versions_failures(bool isEarlier)
    {
        var document = DocumentOf.Run(SampleRun.Create());
        var phase = document.Phases[0];
        var redirected = isEarlier ? 30 : 0;
        var byStatus = phase.ByStatus.SetItem(200, phase.ByStatus[200] - 30).SetItem(302, 30);
        PhaseInfo Of(long ok) =>
            phase with
            {
                ByStatus = byStatus,
                Ok = ok,
                Failures = phase.Requests - ok,
                Pods = [.. phase.Pods.Select(p => p with { Ok = 0, Failed = 0 })],
            };
        string Json(long ok) =>
            ReportJson.Write(document with { Totals = null, Phases = [Of(ok), .. document.Phases[1..]] });

        var read = ReportJson.Read(Json(phase.Ok - redirected));

        (read.Phases[0].Ok, read.Phases[0].Failures).ShouldBe((phase.Ok - redirected, phase.Failures + redirected));
        Should
            .Throw<InvalidDataException>(() => ReportJson.Read(Json(phase.Ok - redirected - 1)))
            .Message.ShouldStartWith("phases[0].ok is ");
    }

    [Fact]
    public void A_run_that_is_under_way_may_have_sent_more_than_its_phases_have()
    {
        var document = DocumentOf.Run(SampleRun.Create());
        var totals = document.Totals!;
        var later = document with { Totals = totals with { Requests = totals.Requests + 1, Ok = totals.Ok + 1 } };
        Should.Throw<InvalidDataException>(() => ReportJson.Read(ReportJson.Write(later)));
        ReportJson.Read(ReportJson.Write(later with { Expectations = [] })).Totals!.Ok.ShouldBe(totals.Ok + 1);
        ReportJson.Read(ReportJson.Write(later with { EndedEarly = "x" })).Totals!.Ok.ShouldBe(totals.Ok + 1);
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
