using System.Globalization;
using System.Text;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Reports.Formats;
using CiliumDebugging.Measurement.Reports.Html;

namespace CiliumDebugging.Measurement.Reports;

/// <summary>The files of a run, in a folder of their own.</summary>
public static class ReportFiles
{
    /// <summary>For programs, see docs/report-schema.md.</summary>
    public const string Json = ReportJson.FileName;

    /// <summary>To paste into an issue.</summary>
    public const string Markdown = "report.md";

    /// <summary>To look at; one file, nothing is loaded from anywhere.</summary>
    public const string Html = "report.html";

    /// <summary>For CI.</summary>
    public const string JUnit = "junit.xml";

    private const int MaxOfOneSecond = 1000;

    /// <summary>The files of a short run together are larger than this.</summary>
    private const int MinBytes = 64 * 1024;

    /// <summary>Writes the files as <c>parent/scenario-yyyyMMdd-HHmmss/</c> (UTC, start of the load), or with -2, -3, …
    /// behind it when that exists. They appear together: they are written to a hidden folder beside it, which is then
    /// renamed.</summary>
    /// <param name="parent">The folder of all runs; made when there is none.</param>
    /// <returns>The run's folder.</returns>
    /// <exception cref="IOException">It cannot be written. Nothing is left behind.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written. Nothing is left behind.</exception>
    public static string Write(ReportDocument document, string parent)
    {
        ArgumentNullException.ThrowIfNull(document);
        (string Name, string Text)[] files =
        [
            (Json, ReportJson.Write(document) + "\n"),
            (Markdown, MarkdownReport.Write(document)),
            (Html, HtmlReport.Write(document)),
            (JUnit, JUnitReport.Write(document)),
        ];
        var name = $"{FileName(document.Scenario.Name)}-{document.StartedAt.UtcDateTime:yyyyMMdd-HHmmss}";
        Directory.CreateDirectory(parent);
        var hidden = Directory.CreateDirectory(Path.Combine(parent, $".{name}-{Path.GetRandomFileName()}")).FullName;
        try
        {
            foreach (var (file, text) in files)
                File.WriteAllText(
                    Path.Combine(hidden, file),
                    text,
                    new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)
                );
            return Rename(hidden, parent, name);
        }
        catch
        {
            Directory.Delete(hidden, recursive: true);
            throw;
        }
    }

    /// <summary>
    /// Tries whether a report could be written: makes the folder of all runs when there is none, and a file in it.
    ///</summary>
    /// <param name="parent">The folder of all runs.</param>
    /// <exception cref="IOException">It could not: the folder is a file, or the disk is full. Nothing is left behind.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written. Nothing is left behind.</exception>
    public static void Try(string parent)
    {
        Directory.CreateDirectory(parent);
        var hidden = Directory.CreateDirectory(Path.Combine(parent, $".{Path.GetRandomFileName()}")).FullName;
        try
        {
            File.WriteAllBytes(Path.Combine(hidden, Json), new byte[MinBytes]);
        }
        finally
        {
            Directory.Delete(hidden, recursive: true);
        }
    }

    private static string Rename(string hidden, string parent, string name)
    {
        for (var n = 1; ; n++)
        {
            var folder = Path.Combine(
                parent,
                n == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}-{n}")
            );
            try
            {
                if (!Path.Exists(folder))
                {
                    Directory.Move(hidden, folder);
                    return folder;
                }
            }
            catch (IOException) when (Path.Exists(folder))
            {
                // Another run was faster with this name.
            }
            if (n == MaxOfOneSecond)
                throw new IOException($"{folder} and all names before it exist already");
        }
    }

    private static string FileName(string text)
    {
        var safe = string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-'))
            .Trim('.', '-');
        return safe.Length == 0 ? "run" : safe[..Math.Min(safe.Length, 100)];
    }
}
