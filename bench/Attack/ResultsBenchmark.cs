using System.Diagnostics;
using System.Globalization;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.Bench.Attack;

/// <summary>Whether results need the same memory however many there are: 24 million records (100,000/s for four
/// minutes) go through the summary and the file sink as an attack sends them, then come back from the file as
/// <c>report</c> reads them. Prints the resident memory on the way.</summary>
internal static class ResultsBenchmark
{
    private const int Pods = 40,
        Marks = 8;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var count = arguments.Length > 0 ? long.Parse(arguments[0], CultureInfo.InvariantCulture) : 24_000_000;
        var path = Path.Combine(Path.GetTempPath(), $"results-{Environment.ProcessId}.bin");
        try
        {
            var written = new AttackResults();
            var clock = Stopwatch.StartNew();
            await using (var file = new RecordFileSink(path))
            {
                var sink = new SinkPair(written, file);
                for (var n = 0L; n < count; n++)
                {
                    sink.Add(Record(n));
                    Mark("written", n + 1, count, clock);
                }
            }
            double bytes = new FileInfo(path).Length;
            Console.WriteLine($"file: {bytes / 1e6:0} MB, {bytes / count:0.0} bytes a record");
            var read = new AttackResults();
            clock.Restart();
            foreach (var record in RecordFile.Read(path))
            {
                read.Add(record);
                Mark("read", read.Accounting.Intended, count, clock);
            }
            var same = Text(read) == Text(written);
            var peak = Process.GetCurrentProcess().PeakWorkingSet64 / 1e6;
            Console.WriteLine($"peak resident {peak:0} MB; read back {(same ? "the same" : "DIFFERENT")}");
            return same ? 0 : 1;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static readonly string[] s_podNames = [.. Enumerable.Range(0, Pods).Select(n => $"backend-{n}")];

    private static RequestRecord Record(long n)
    {
        // Latencies spread over four decades, without the cost of a random number.
        var mixed = (ulong)n * 0x9E3779B97F4A7C15;
        var service = new TimeSpan((long)(1000 + ((mixed >> 40) % 1000 * ((mixed >> 20) % 10_000))));
        var intended = new TimeSpan(n * 100);
        return new RequestRecord
        {
            Sequence = n,
            IntendedStart = intended,
            Start = intended + new TimeSpan(300),
            End = intended + service,
            SourcePort = 32769 + (int)(mixed % 28_000),
            Connection = n,
            Outcome = Outcome.Response,
            Status = n % 100 == 0 ? 503 : 200,
            Pod = s_podNames[mixed % Pods],
            Node = "node",
            BytesReceived = 220,
        };
    }

    private static void Mark(string what, long done, long count, Stopwatch clock)
    {
        if (done % (count / Marks) != 0)
            return;
        using var self = Process.GetCurrentProcess();
        var heap = GC.GetTotalMemory(forceFullCollection: true) / 1e6;
        Console.Write(
            $"{what} {done / 1e6, 6:0.0} M: resident {self.WorkingSet64 / 1e6:0} MB, managed heap {heap:0.0} MB"
        );
        Console.WriteLine($", {clock.Elapsed.TotalNanoseconds / done:0} ns a record");
    }

    private static string Text(AttackResults results)
    {
        var writer = new StringWriter(CultureInfo.InvariantCulture);
        AttackReport.Write(results, writer);
        results.Accounting.WriteTo(writer);
        return writer.ToString();
    }
}
