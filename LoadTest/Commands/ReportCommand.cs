using System.CommandLine;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.ServiceDefaults;
using CiliumDebugging.Statistics;

namespace CiliumDebugging.LoadTest.Commands;

/// <summary><c>report FILE…</c> and <c>plot FILE…</c>: saved results, merged when there are several.</summary>
public static class ReportCommand
{
    private const string Others = ", vegeta encode (JSON or CSV) or hey -o csv";

    private static readonly Argument<string[]> s_files = FilesOf($"Results saved by attack --output or --hdr{Others}");
    private static readonly Argument<string[]> s_records = FilesOf($"Records saved by attack --output{Others}");
    private static readonly Option<string?> s_histograms = AttackCommands.OfFile(
        new Option<string?>("--hdr")
        {
            Description = "Writes an HdrHistogram log (µs) with the counts to this file",
            HelpName = "file",
        }
    );
    private static readonly Option<string> s_format = FormatOption.Create();
    private static readonly Option<string> s_page = AttackCommands.OfFile(
        new Option<string>("--output")
        {
            Description = "Page to write",
            DefaultValueFactory = _ => "plot.html",
            HelpName = "file",
        }
    );

    public static Command BuildReport()
    {
        var command = new Command("report", "Summarises saved results") { s_files, s_histograms, s_format };
        command.SetAction(parsed =>
            Guarded(() =>
                Report(parsed.GetRequiredValue(s_files), parsed.GetValue(s_histograms), parsed.IsJson(s_format))
            )
        );
        return command;
    }

    public static Command BuildPlot()
    {
        var command = new Command("plot", "Draws saved results over time as an HTML page") { s_records, s_page };
        command.SetAction(parsed =>
            Guarded(() => Plot(parsed.GetRequiredValue(s_records), parsed.GetRequiredValue(s_page)))
        );
        return command;
    }

    private static Argument<string[]> FilesOf(string description) =>
        AttackCommands.OfFile(
            new Argument<string[]>("files") { Description = description, Arity = ArgumentArity.OneOrMore }
        );

    private static int Report(string[] files, string? histograms, bool json)
    {
        RefuseTwice(files);
        var results = new AttackResults();
        var foreign = new Dictionary<string, Latencies>(StringComparer.Ordinal);
        var attacks = new DistinctAttacks();
        foreach (var file in files)
            Merge(file, results, foreign, attacks);
        if (foreign.Count > 0 && (results.Accounting.Intended > 0 || histograms is not null))
            throw new InvalidDataException(
                "a log of another program has no counts and merges with its like alone, without --hdr"
            );
        if (foreign.Count > 0)
        {
            if (json)
                throw new InvalidDataException("a log of another program has no counts, only text can be printed");
            AttackReport.Write(foreign, Console.Out);
            return (int)ExitCode.Success;
        }
        AttackCommands.WriteResults(results, json);
        if (histograms is not null)
        {
            using var stream = File.Create(histograms);
            HistogramLog.Write(results, stream, DateTimeOffset.UnixEpoch);
        }
        return results.Accounting.Discrepancies().Count > 0 ? (int)ExitCode.Failed : (int)ExitCode.Success;
    }

    private static void Merge(
        string file,
        AttackResults results,
        Dictionary<string, Latencies> foreign,
        DistinctAttacks attacks
    )
    {
        if (!HistogramLog.IsLog(file))
        {
            // Apart first: the numbers of two attacks' requests say nothing together.
            var records = new AttackResults();
            var numbers = new RequestNumbers();
            foreach (var record in Read(file, numbers))
                records.Add(record);
            WriteNote(file);
            if (numbers.Missing is > 0 and var missing)
                Console.Error.WriteLine(
                    $"note: {file}: {missing} of the requests 0 to {numbers.Highest} have no record: the file is not "
                        + "complete, or workers went on at their own pace at an unlimited rate"
                );
            attacks.Add(file, records);
            results.Merge(records);
            return;
        }
        var byTag = ReadLog(file, out var saved);
        if (saved is not null)
        {
            attacks.Add(file, saved);
            results.Merge(saved);
            return;
        }
        attacks.Add(file);
        foreach (var (tag, latencies) in byTag)
            (foreign.TryGetValue(tag, out var known) ? known : foreign[tag] = new Latencies()).Merge(latencies);
    }

    private static IReadOnlyDictionary<string, Latencies> ReadLog(string file, out AttackResults? saved)
    {
        try
        {
            var byTag = HistogramLog.Read(file, out saved);
            return (saved is null ? byTag.Count == 0 : saved.Accounting.Intended == 0)
                ? throw new InvalidDataException("the log has no request")
                : byTag;
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException(
                $"results file '{file}': {e.Message}; give a file that attack --output or --hdr wrote",
                e
            );
        }
    }

    /// <summary>Says what the results of another program lack.</summary>
    private static void WriteNote(string file)
    {
        if (RecordFile.ForeignNote(file) is { } note)
            Console.Error.WriteLine($"note: {file}: {note}");
    }

    /// <summary>The requests of a file that is given twice would be counted twice.</summary>
    private static void RefuseTwice(string[] files)
    {
        if (files.GroupBy(Path.GetFullPath).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new InvalidDataException($"results file '{twice.First()}' is given twice; give each file once");
    }

    private static int Plot(string[] files, string page)
    {
        RefuseTwice(files);
        if (Array.Find(files, HistogramLog.IsLog) is { } log)
            throw new InvalidDataException(
                $"results file '{log}': histograms have no times; give a file that attack --output wrote"
            );
        // Twice through the files instead of once through memory.
        var (length, attacks) = (TimeSpan.Zero, new DistinctAttacks());
        foreach (var file in files)
        {
            var results = new AttackResults();
            foreach (var record in Read(file, new RequestNumbers()))
            {
                results.Add(record);
                length = record.End > length ? record.End : length;
            }
            attacks.Add(file, results);
        }
        foreach (var file in files)
            WriteNote(file);
        var plot = new AttackPlot(length);
        foreach (var record in files.SelectMany(f => Read(f, new RequestNumbers())))
            plot.Add(record);
        using var writer = File.CreateText(page);
        plot.WriteTo(writer, string.Join(", ", files.Select(Path.GetFileName)));
        Console.WriteLine($"wrote {page}");
        return (int)ExitCode.Success;
    }

    private static IEnumerable<RequestRecord> Read(string file, RequestNumbers numbers)
    {
        using var records = RecordFile.Read(file, numbers).GetEnumerator();
        while (true)
        {
            try
            {
                if (!records.MoveNext())
                    yield break;
            }
            catch (InvalidDataException e)
            {
                throw new InvalidDataException(
                    $"results file '{file}': {e.Message}; give a file of attack --output or --hdr{Others}",
                    e
                );
            }
            yield return records.Current;
        }
    }

    private static int Guarded(Func<int> run)
    {
        try
        {
            return run();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return AttackCommands.WriteProblems([e.Message]);
        }
    }
}
