using CiliumDebugging.Measurement.Reports;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>Saves the report of a run.</summary>
public static class RunFiles
{
    /// <summary>The default folder of reports, under the current directory.</summary>
    public const string Artifacts = "artifacts";

    /// <summary>Writes the files. A failure is reported, not thrown: the terminal has the summary anyway.</summary>
    /// <param name="report">The run.</param>
    /// <param name="parent">Parent of its folder.</param>
    /// <returns>
    /// A line for the user: where the files are, or why not; and the folder, null when there is none.
    /// </returns>
    public static (string Line, string? Folder) Save(RunReport report, string parent = Artifacts)
    {
        try
        {
            var folder = ReportFiles.Write(DocumentOf.Run(report), parent);
            var page = Path.Combine(Path.GetRelativePath(Environment.CurrentDirectory, folder), ReportFiles.Html);
            var others = $"{ReportFiles.Markdown}, {ReportFiles.Json}, {ReportFiles.JUnit}";
            return ($"report       {page} (also {others})", folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ($"the report could not be written to {Path.GetFullPath(parent)}: {e.Message}", null);
        }
    }
}
