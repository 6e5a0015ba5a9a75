using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Reports;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Tests.Diagnosis;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Reports;

/// <summary>Reports are put together at run time, where <c>.ci/words</c> does not look.</summary>
public sealed class ReplacedWordsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("words-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void No_report_of_any_scenario_and_diagnosis_has_a_word_that_was_replaced()
    {
        var scenarios = ScenarioCatalog.All;
        var reports = scenarios
            .Select(ScenarioReports.Of)
            .Concat(ScenarioReports.Diagnoses.Select((d, i) => ScenarioReports.Of(scenarios[i % scenarios.Count], d)))
            .Concat(Enumerable.Range(0, 100).Select(seed => RandomRuns.Create(seed).Report))
            .ToList();
        reports.Select(r => r.Diagnosis.Name).Distinct().Count().ShouldBeGreaterThan(8);

        foreach (var report in reports)
        {
            var folder = ReportFiles.Write(DocumentOf.Run(report), _folder.FullName);
            foreach (var file in Directory.EnumerateFiles(folder))
                ReplacedWords.ShouldNotBeIn(File.ReadAllText(file), $"{Path.GetFileName(file)} of {report.Scenario}");
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_word_that_was_replaced_is_found() =>
        Should
            .Throw<InvalidDataException>(() => ReplacedWords.ShouldNotBeIn("a\nno Pod answers by " + "hand", "here"))
            .Message.ShouldStartWith("here: 'by " + "hand' in");
}
