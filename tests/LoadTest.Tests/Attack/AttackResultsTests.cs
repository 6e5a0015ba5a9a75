using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Contract;
using CsCheck;
using HdrHistogram;

namespace CiliumDebugging.LoadTest.Tests.Attack;

public sealed class AttackResultsTests
{
    private static readonly Gen<string?> s_names = Gen.Int[0, 5]
        .Select(n => new[] { null, "pod-1", "pod-2", "a,b", "q\"q", "x y" }[n]);

    private static readonly Gen<RequestRecord> s_records = Gen.Select(
        Gen.Select(Gen.Long[0, 1L << 50], Gen.Long[0, 1L << 40], Gen.Long[0, 100_000_000], Gen.Long[0, 100_000_000]),
        Gen.Select(Gen.Int[0, 65535], Gen.Long[-1, 1L << 40], Gen.Int[0, 1000]),
        Gen.Select(
            Gen.Enum<Outcome>(),
            Gen.Int[0, 999],
            s_names,
            s_names,
            Gen.Long[0, 1L << 40],
            Gen.Int[0, 133],
            Gen.Enum<ResponseFault>()
        ),
        (times, connection, end) =>
            new RequestRecord
            {
                Sequence = times.Item1,
                IntendedStart = new TimeSpan(times.Item2),
                Start = new TimeSpan(times.Item2 + times.Item3),
                End = new TimeSpan(times.Item2 + times.Item3 + times.Item4),
                SourcePort = connection.Item1,
                Connection = connection.Item2,
                RequestOnConnection = connection.Item3,
                Outcome = end.Item1,
                Status = end.Item2,
                Pod = end.Item3,
                Node = end.Item4,
                BytesReceived = end.Item5,
                Errno = end.Item6,
                Fault = end.Item7,
            }
    );

    [Theory]
    [InlineData("bin")]
    [InlineData("csv")]
    [InlineData("json")]
    public async Task What_is_saved_is_read_back(string extension)
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.{extension}");
        try
        {
            var records = s_records.Array[3000].Single();
            await using (var sink = new RecordFileSink(path))
            {
                foreach (var record in records)
                    sink.Add(record);
            }
            RecordFile.Read(path).ShouldBe(records);
            var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
            await File.WriteAllBytesAsync(path, bytes[..^3], TestContext.Current.CancellationToken);
            Should.Throw<InvalidDataException>(() => RecordFile.Read(path).Count());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("bin")]
    [InlineData("csv")]
    [InlineData("json")]
    public async Task What_no_attack_has_written_is_refused(string extension)
    {
        var record = new RequestRecord
        {
            Sequence = 0,
            Connection = 0,
            Outcome = Outcome.Response,
            Status = 200,
        };
        foreach (
            var wrong in (RequestRecord[])
                [record with { Outcome = (Outcome)99 }, record with { Fault = (ResponseFault)99 }]
        )
        {
            var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.{extension}");
            try
            {
                await using (var sink = new RecordFileSink(path))
                    sink.Add(wrong);
                Should.Throw<InvalidDataException>(() => RecordFile.Read(path).Count());
            }
            finally
            {
                File.Delete(path);
            }
        }
    }

    [Fact]
    public async Task A_time_beyond_all_times_is_refused()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.bin");
        try
        {
            // A record whose intended start is the greatest there is, and which starts 100 ns later.
            await File.WriteAllBytesAsync(
                path,
                [.. "CDATTACK1\n"u8, 0, 0, .. Enumerable.Repeat((byte)0xFF, 8), 0x7F, 1, .. new byte[32]],
                TestContext.Current.CancellationToken
            );
            Should.Throw<InvalidDataException>(() => RecordFile.Read(path).Count());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_record_that_ends_before_the_attack_began_is_drawn_at_its_beginning()
    {
        var plot = new AttackPlot(TimeSpan.FromSeconds(1));
        plot.Add(
            new RequestRecord
            {
                Sequence = 0,
                End = TimeSpan.FromMinutes(-1),
                Connection = 0,
                Outcome = Outcome.Response,
                Status = 200,
                Pod = "p",
            }
        );
        using var page = new StringWriter();
        plot.WriteTo(page, "a");
        page.ToString().ShouldContain("<title>p</title>");
    }

    [Fact]
    public void Results_merge_as_if_one_had_seen_everything() =>
        Gen.Select(s_records.Array[0, 50], s_records.Array[0, 50])
            .Sample(
                (left, right) =>
                {
                    var merged = Results(left);
                    merged.Merge(Results(right));
                    Text(merged).ShouldBe(Text(Results([.. left, .. right])));
                    merged.Accounting.Discrepancies().ShouldBeEmpty();
                },
                iter: 30
            );

    [Fact]
    public void The_histogram_log_is_read_by_its_tags()
    {
        var results = new AttackResults();
        results.Add(
            new RequestRecord
            {
                Sequence = 0,
                Start = TimeSpan.FromMilliseconds(1),
                End = TimeSpan.FromMilliseconds(3),
                SourcePort = 1,
                Connection = 0,
                Outcome = Outcome.Response,
                Status = 200,
                Pod = "p",
                Node = "n",
                BytesReceived = 10,
            }
        );
        using var stream = new MemoryStream();
        HistogramLog.Write(results, stream, DateTimeOffset.UnixEpoch.AddDays(1));
        using var log = new HistogramLogReader(new MemoryStream(stream.ToArray()));
        var read = log.ReadHistograms().ToDictionary(histogram => histogram.Tag);
        read.Keys.ShouldBe(["latency", "service", "blocked", "status:200", "responder:p"], ignoreOrder: true);
        read["latency"].GetValueAtPercentile(50).ShouldBeInRange(2990, 3010);
        read["service"].GetValueAtPercentile(50).ShouldBeInRange(1990, 2010);
        read["blocked"].GetValueAtPercentile(50).ShouldBeInRange(990, 1010);
    }

    [Fact]
    public void Histogram_logs_merge_as_if_one_had_seen_everything() =>
        Gen.Select(s_records.Array[0, 20], s_records.Array[0, 20])
            .Sample(
                (left, right) =>
                {
                    var merged = new AttackResults();
                    foreach (var records in (RequestRecord[][])[left, right])
                    {
                        using var stream = new MemoryStream();
                        HistogramLog.Write(Results(records), stream, DateTimeOffset.UnixEpoch.AddDays(1));
                        HistogramLog.Read(new MemoryStream(stream.ToArray()), out var saved);
                        merged.Merge(saved.ShouldNotBeNull());
                    }
                    Text(merged).ShouldBe(Text(Results([.. left, .. right])));
                    return true;
                },
                iter: 5
            );

    [Theory]
    [InlineData("#[Counts: {}]\n")]
    [InlineData(
        "#[Counts: {\"intended\":1,\"started\":1,\"outcomes\":[],\"statuses\":[{\"status\":-1,\"count\":1}],\"errors\":[],\"responders\":[],\"bytes\":0,\"firstStart\":null,\"lastStart\":0}]\n"
    )]
    [InlineData(
        "#[Counts: {\"intended\":2,\"started\":1,\"outcomes\":[],\"statuses\":[{\"status\":200,\"count\":1}],\"errors\":[],\"responders\":[],\"bytes\":0,\"firstStart\":null,\"lastStart\":0}]\n"
    )]
    public void A_broken_log_is_refused(string text) =>
        Should.Throw<InvalidDataException>(() =>
            HistogramLog.Read(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)), out _)
        );

    [Fact]
    public void A_log_of_another_program_has_histograms_without_counts()
    {
        var histogram = new LongHistogram(1, 3_600_000_000, 3) { Tag = "other" };
        histogram.RecordValueWithCount(1500, 7);
        using var stream = new MemoryStream();
        HistogramLogWriter.Write(stream, DateTime.UnixEpoch, histogram, histogram);
        var byTag = HistogramLog.Read(new MemoryStream(stream.ToArray()), out var results);
        results.ShouldBeNull();
        byTag.ShouldHaveSingleItem().Value.Count.ShouldBe(14);
    }

    [Fact]
    public void A_record_is_summarised_in_constant_memory()
    {
        var results = new AttackResults();
        var record = new RequestRecord
        {
            Sequence = 0,
            End = TimeSpan.FromMilliseconds(3),
            SourcePort = 1,
            Connection = 0,
            Outcome = Outcome.Response,
            Status = 200,
            Pod = "p",
            Node = "n",
            BytesReceived = 10,
        };
        void Add(long n) =>
            results.Add(
                record with
                {
                    Sequence = n,
                    End = new TimeSpan(n * 7919 % 36_000_000_000),
                    Pod = n % 2 == 0 ? "p" : "q",
                }
            );
        const int records = 100_000;
        Add(0);
        Add(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var n = 2; n < records; n++)
            Add(n);
        // Less than a byte for each: anything kept of a record would take more. The runtime's own allocations fit in as
        // well.
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(records);
    }

    private static AttackResults Results(IEnumerable<RequestRecord> records)
    {
        var results = new AttackResults();
        foreach (var record in records)
            results.Add(record);
        return results;
    }

    [Fact]
    public void Names_of_a_hostile_server_do_not_fill_the_memory()
    {
        var results = new AttackResults();
        var record = new RequestRecord
        {
            Sequence = 0,
            End = TimeSpan.FromMilliseconds(3),
            SourcePort = 1,
            Connection = 0,
            Outcome = Outcome.Response,
            Status = 200,
            Pod = "p",
            Node = "n",
            BytesReceived = 10,
        };
        for (var i = 0; i < 10_000; i++)
            results.Add(record with { Pod = $"pod-{i}" });
        results.ByResponder.Count.ShouldBeLessThanOrEqualTo(AttackResults.MaxKeys + 1);
        results.Counts.Values.Sum().ShouldBe(10_000);
    }

    [Fact]
    public void A_first_start_that_is_late_does_not_make_the_achieved_rate_higher()
    {
        var results = new AttackResults();
        foreach (var (sequence, start) in new[] { (0, 5), (1, 10), (2, 20) })
            results.Add(
                new RequestRecord
                {
                    Sequence = sequence,
                    IntendedStart = TimeSpan.FromMilliseconds(10 * sequence),
                    Start = TimeSpan.FromMilliseconds(start),
                    End = TimeSpan.FromMilliseconds(30),
                    SourcePort = 1,
                    Connection = sequence,
                    Outcome = Outcome.Response,
                    Status = 200,
                    BytesReceived = 1,
                }
            );
        results.AchievedRate.ShouldBe(100);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(2, 8)]
    [InlineData(32, 64)]
    public void Requests_that_start_together_do_not_make_the_achieved_rate_higher(int burst, int workers)
    {
        var pacer = new Pacer(100, null, burst, workers);
        var results = new AttackResults();
        // In no order of intended starts, as workers and answers come.
        for (var i = 0; i < 60 * burst * workers; i++)
            results.Add(
                new RequestRecord
                {
                    Sequence = i,
                    IntendedStart = pacer.IntendedStart(i),
                    Start = pacer.IntendedStart(i),
                    End = TimeSpan.FromHours(1),
                    SourcePort = 1,
                    Connection = i,
                    Outcome = Outcome.Response,
                    Status = 200,
                    BytesReceived = 1,
                }
            );
        results.AchievedRate.ShouldBe(100, tolerance: 1e-9);
        using var log = new MemoryStream();
        HistogramLog.Write(results, log, DateTimeOffset.UnixEpoch);
        log.Position = 0;
        HistogramLog.Read(log, out var saved);
        saved.ShouldNotBeNull().AchievedRate.ShouldBe(100, tolerance: 1e-9);
    }

    [Fact]
    public void A_worker_that_falls_behind_at_an_unlimited_rate_does_not_make_the_achieved_rate_lower()
    {
        var results = new AttackResults();
        // One has every second number, 10 ms apart; the other the rest, 40 ms apart, of which one is the last start of
        // all.
        foreach (
            var (sequence, start) in Enumerable
                .Range(0, 100)
                .Select(n => (2 * n, 10 * n))
                .Concat(Enumerable.Range(0, 26).Select(n => ((2 * n) + 1, 40 * n)))
        )
            results.Add(
                new RequestRecord
                {
                    Sequence = sequence,
                    IntendedStart = TimeSpan.FromMilliseconds(start),
                    Start = TimeSpan.FromMilliseconds(start),
                    End = TimeSpan.FromHours(1),
                    SourcePort = 1,
                    Connection = sequence,
                    Outcome = Outcome.Response,
                    Status = 200,
                    BytesReceived = 1,
                }
            );
        results.AchievedRate.ShouldBe(125, tolerance: 1e-9);
        var merged = new AttackResults();
        merged.Merge(results);
        merged.Merge(results);
        merged.AchievedRate.ShouldBe(251, tolerance: 1e-9);
    }

    [Fact]
    public void A_log_that_does_not_say_what_started_together_is_of_single_requests()
    {
        var results = new AttackResults();
        for (var i = 0; i < 11; i++)
            results.Add(
                new RequestRecord
                {
                    Sequence = i,
                    IntendedStart = TimeSpan.FromMilliseconds(10 * i),
                    Start = TimeSpan.FromMilliseconds(10 * i),
                    End = TimeSpan.FromHours(1),
                    SourcePort = 1,
                    Connection = i,
                    Outcome = Outcome.Response,
                    Status = 200,
                    BytesReceived = 1,
                }
            );
        using var log = new MemoryStream();
        HistogramLog.Write(results, log, DateTimeOffset.UnixEpoch);
        var text = Encoding.UTF8.GetString(log.ToArray());
        var old = Regex.Replace(text, ",\"lastBurst\":\\d+,\"afterLastBurst\":\\d+", "", RegexOptions.IgnoreCase);
        old.ShouldNotBe(text);
        HistogramLog.Read(new MemoryStream(Encoding.UTF8.GetBytes(old)), out var saved);
        saved.ShouldNotBeNull().AchievedRate.ShouldBe(100, tolerance: 1e-9);
    }

    private static string Text(AttackResults results)
    {
        var writer = new StringWriter();
        AttackReport.Write(results, writer);
        results.Accounting.WriteTo(writer);
        return writer.ToString();
    }
}
