using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Contract;
using CsCheck;

namespace CiliumDebugging.LoadTest.Tests.Attack;

public sealed class AttackResultsTests
{
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
        Gen.Select(RandomRecords.All.Array[0, 50], RandomRecords.All.Array[0, 50])
            .Sample(
                (left, right) =>
                {
                    var merged = RandomRecords.Results(left);
                    merged.Merge(RandomRecords.Results(right));
                    RandomRecords.Text(merged).ShouldBe(RandomRecords.Text(RandomRecords.Results([.. left, .. right])));
                    merged.Accounting.Discrepancies().ShouldBeEmpty();
                },
                iter: 30
            );

    [Fact]
    public void Malformed_responses_are_counted_by_what_is_wrong_with_them()
    {
        var results = new AttackResults();
        Add(ResponseFault.Header, 2);
        Add(ResponseFault.Header, 3);
        RandomRecords.Text(results).ShouldContain("2 × malformed (header)\n");

        Add(ResponseFault.Chunk, 4);
        Add(ResponseFault.None, 5);
        RandomRecords.Text(results).ShouldContain("4 × malformed (2 × header, 1 × chunk)\n");

        void Add(ResponseFault fault, long sequence) =>
            results.Add(
                new RequestRecord
                {
                    Sequence = sequence,
                    Connection = sequence,
                    Outcome = Outcome.Malformed,
                    Status = 200,
                    Fault = fault,
                }
            );
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
    public void The_report_has_success_throughput_and_where_pods_name_themselves_the_skew()
    {
        string ReportOf(Func<int, string?> podOf)
        {
            var records = Enumerable
                .Range(0, 400)
                .Select(i => new RequestRecord
                {
                    Sequence = i,
                    Connection = i,
                    Outcome = Outcome.Response,
                    Status = (i % 4) switch
                    {
                        0 => 503,
                        1 => 302,
                        _ => 200,
                    },
                    Pod = podOf(i),
                    IntendedStart = TimeSpan.FromMilliseconds(10 * i),
                    Start = TimeSpan.FromMilliseconds(10 * i),
                    End = TimeSpan.FromMilliseconds((10 * i) + 2),
                });
            using var text = new StringWriter();
            AttackReport.Write(RandomRecords.Results(records), text);
            return text.ToString();
        }

        var uneven = ReportOf(i => i % 40 == 1 ? "a" : "b");
        uneven.ShouldContain("success  75 % (300 of 400), throughput 75");
        uneven.ShouldMatch(@"count\s+min\s+mean\s+p50\s+p95\s+p99\s+p99.9\s+max");
        uneven.ShouldMatch(@"skew     skewed.*, if equal shares are expected");
        ReportOf(i => null).ShouldNotContain("skew ");
    }
}
