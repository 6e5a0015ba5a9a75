using CiliumDebugging.LoadTest.Report;
using CiliumDebugging.LoadTest.Report.Document;

namespace CiliumDebugging.AppHost;

/// <summary>Saves a run's report under the current directory; the same on both hosts.</summary>
internal static class RunFiles
{
    private const string Artifacts = "artifacts";

    /// <summary>Writes the files. A run is not lost because they cannot be written: its summary stands on the terminal.</summary>
    /// <returns>What to tell the user: where they are, or why they are not.</returns>
    public static string Save(RunReport report)
    {
        try
        {
            var folder = ReportFiles.Write(DocumentOf.Run(report), Artifacts);
            return $"report       {Path.Combine(Path.GetRelativePath(Environment.CurrentDirectory, folder), ReportFiles.Html)} (also {ReportFiles.Markdown}, {ReportFiles.Json}, {ReportFiles.JUnit})";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"the report could not be written to {Path.GetFullPath(Artifacts)}: {e.Message}";
        }
    }
}
