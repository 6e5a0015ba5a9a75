using CiliumDebugging.Measurement.Reports;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>Saves a run's report; the same wherever it was run.</summary>
public static class RunFiles
{
    /// <summary>The folder under the current directory where reports go by default.</summary>
    public const string Artifacts = "artifacts";

    /// <summary>Writes the files. A run is not lost because they cannot be written: its summary stands on the terminal.</summary>
    /// <param name="report">The run.</param>
    /// <param name="parent">Where its folder is made.</param>
    /// <returns>What to tell the user: where they are, or why they are not; and the folder, null when there is none.</returns>
    public static (string Line, string? Folder) Save(RunReport report, string parent = Artifacts)
    {
        try
        {
            var folder = ReportFiles.Write(DocumentOf.Run(report), parent);
            return (
                $"report       {Path.Combine(Path.GetRelativePath(Environment.CurrentDirectory, folder), ReportFiles.Html)} (also {ReportFiles.Markdown}, {ReportFiles.Json}, {ReportFiles.JUnit})",
                folder
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ($"the report could not be written to {Path.GetFullPath(parent)}: {e.Message}", null);
        }
    }
}
