using CiliumDebugging.Measurement.Reports;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Measurement.Tests.Reports;

public sealed class ReportFilesTests : IDisposable
{
    private readonly string _parent = Directory.CreateTempSubdirectory("report-").FullName;
    private readonly ReportDocument _document = DocumentOf.Run(SampleRun.Create());

    public void Dispose() => Directory.Delete(_parent, recursive: true);

    [Fact]
    public void A_run_gets_a_folder_of_its_own_with_all_four_files()
    {
        var folder = ReportFiles.Write(_document, Path.Combine(_parent, "artifacts"));

        Path.GetFileName(folder).ShouldBe("two-sided-l7-20260102-030405");
        Directory
            .GetFiles(folder)
            .Select(Path.GetFileName)
            .Order()
            .ShouldBe([ReportFiles.JUnit, ReportFiles.Html, ReportFiles.Json, ReportFiles.Markdown]);
        Directory.GetFileSystemEntries(Path.GetDirectoryName(folder)!).ShouldBe([folder]);
        ReportJson.ReadFile(folder).Scenario.Name.ShouldBe("two-sided-l7");
    }

    [Fact]
    public async Task Runs_that_start_in_the_same_second_all_get_a_whole_folder()
    {
        var folders = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => Task.Run(() => ReportFiles.Write(_document, _parent)))
        );

        folders.Distinct().Count().ShouldBe(8);
        folders.ShouldAllBe(f => Directory.GetFiles(f).Length == 4);
        Directory.GetFileSystemEntries(_parent).Length.ShouldBe(8);
    }

    [Fact]
    public void What_cannot_be_written_leaves_nothing_behind()
    {
        var file = Path.Combine(_parent, "file");
        File.WriteAllText(file, "");

        Should.Throw<IOException>(() => ReportFiles.Write(_document, file));
        Directory.GetFileSystemEntries(_parent).ShouldBe([file]);
    }

    [Fact]
    public void Whether_a_report_could_be_written_is_known_before_there_is_one()
    {
        var (folder, file) = (Path.Combine(_parent, "artifacts"), Path.Combine(_parent, "file"));
        File.WriteAllText(file, "");

        ReportFiles.Try(folder);
        Should.Throw<IOException>(() => ReportFiles.Try(file));
        Should.Throw<IOException>(() => ReportFiles.Try("/dev/full/artifacts"));

        Directory.GetFileSystemEntries(folder).ShouldBeEmpty();
        Directory.GetFileSystemEntries(_parent).Order().ShouldBe([folder, file]);
    }

    [Theory]
    [InlineData("../../etc", "etc")]
    [InlineData("", "run")]
    [InlineData("a b/c", "a-b-c")]
    public void A_scenarios_name_cannot_leave_the_folder(string name, string expected) =>
        Path.GetFileName(
                ReportFiles.Write(_document with { Scenario = _document.Scenario with { Name = name } }, _parent)
            )
            .ShouldStartWith(expected + "-2026");
}
