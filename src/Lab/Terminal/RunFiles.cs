using CiliumDebugging.Measurement.Reports;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Runs;
using CiliumDebugging.ServiceDefaults;
using Spectre.Console;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>The files of a run.</summary>
/// <param name="Line">For the user: where the files are, or why they could not be written.</param>
/// <param name="Folder">The folder of the run; null: it could not be written.</param>
public sealed record SavedFiles(string Line, string? Folder)
{
    /// <summary>Whether the cluster is as it was before the run.</summary>
    public bool IsRestored { get; init; } = true;
}

/// <summary>Saves the report of a run.</summary>
public static class RunFiles
{
    /// <summary>The default folder of reports, under the current directory.</summary>
    public const string Artifacts = "artifacts";

    /// <summary>Finds out before a run whether its report can be written after it.</summary>
    /// <param name="parent">Parent of its folder.</param>
    /// <exception cref="IOException">It cannot; the message says where and why.</exception>
    public static void Check(string parent = Artifacts)
    {
        try
        {
            ReportFiles.Try(parent);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{NotWritten(parent, e)}; nothing was run", e);
        }
    }

    /// <summary>
    /// Writes the files. A failure is not thrown, because the terminal has the summary anyway; <see cref="ExitCodeOf"/>
    /// tells.
    /// </summary>
    /// <param name="report">The run.</param>
    /// <param name="parent">Parent of its folder.</param>
    public static SavedFiles Save(RunReport report, string parent = Artifacts) => Save(DocumentOf.Run(report), parent);

    /// <inheritdoc cref="Save(RunReport, string)"/>
    public static SavedFiles Save(ReportDocument document, string parent)
    {
        try
        {
            var folder = ReportFiles.Write(document, parent);
            var page = Path.Combine(Path.GetRelativePath(Environment.CurrentDirectory, folder), ReportFiles.Html);
            var others = $"{ReportFiles.Markdown}, {ReportFiles.Json}, {ReportFiles.JUnit}";
            return new($"report       {page} (also {others})", folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(NotWritten(parent, e), Folder: null);
        }
    }

    /// <summary>
    /// The exit code of a command that made a run: a report that CI would look for in vain is a failure, and so is a
    /// cluster that is not as it was, whatever the run showed.
    /// </summary>
    public static ExitCode ExitCodeOf(RunReport report, SavedFiles saved)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(saved);
        if (report.EndedEarly is { } end)
            return end.IsInterruption ? ExitCode.Interrupted : ExitCode.Failed;
        if (saved.Folder is null || !saved.IsRestored)
            return ExitCode.Failed;
        if (report.MachineGate is not null)
            return ExitCode.MachineTooSlow;
        return report.Holds ? ExitCode.Success : ExitCode.NotReproduced;
    }

    /// <summary>Prints where the report is; that there is none, on standard error.</summary>
    public static void Print(SavedFiles saved, IAnsiConsole console)
    {
        ArgumentNullException.ThrowIfNull(saved);
        if (saved.Folder is null)
            Console.Error.WriteLine(saved.Line);
        else
            console.WriteUnbroken(saved.Line);
    }

    private static string NotWritten(string parent, Exception e) =>
        $"the report cannot be written to {Path.GetFullPath(parent)}: {e.Message}";
}
