using System.Text;
using System.Text.RegularExpressions;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Contract;
using CsCheck;
using HdrHistogram;

namespace CiliumDebugging.LoadTest.Tests.Attack;

public sealed class HistogramLogTests
{
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
        Gen.Select(RandomRecords.All.Array[0, 20], RandomRecords.All.Array[0, 20])
            .Sample(
                (left, right) =>
                {
                    var merged = new AttackResults();
                    foreach (var records in (RequestRecord[][])[left, right])
                    {
                        using var stream = new MemoryStream();
                        HistogramLog.Write(RandomRecords.Results(records), stream, DateTimeOffset.UnixEpoch.AddDays(1));
                        HistogramLog.Read(new MemoryStream(stream.ToArray()), out var saved);
                        merged.Merge(saved.ShouldNotBeNull());
                    }
                    RandomRecords.Text(merged).ShouldBe(RandomRecords.Text(RandomRecords.Results([.. left, .. right])));
                    return true;
                },
                iter: 5
            );

    [Theory]
    [InlineData("#[Counts: {}]\n")]
    [InlineData(
        "#[Counts: {\"intended\":1,\"started\":1,\"outcomes\":[],\"statuses\":[{\"status\":-1,\"count\":1}],"
            + "\"errors\":[],\"responders\":[],\"bytes\":0,\"firstStart\":null,\"lastStart\":0}]\n"
    )]
    [InlineData(
        "#[Counts: {\"intended\":2,\"started\":1,\"outcomes\":[],\"statuses\":[{\"status\":200,\"count\":1}],"
            + "\"errors\":[],\"responders\":[],\"bytes\":0,\"firstStart\":null,\"lastStart\":0}]\n"
    )]
    public void A_broken_log_is_refused(string text) =>
        Should.Throw<InvalidDataException>(() =>
            HistogramLog.Read(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)), out _)
        );

    /// <summary>A full disk cuts a log; the counts come first.</summary>
    [Fact]
    public void A_log_that_was_cut_after_any_of_its_lines_is_refused()
    {
        var results = RandomRecords.Results(Enumerable.Range(0, 6).Select(i => Answer(i, $"pod-{i % 2}")));
        using var log = new MemoryStream();
        HistogramLog.Write(results, log, DateTimeOffset.UnixEpoch);
        var lines = Encoding.UTF8.GetString(log.ToArray()).TrimEnd('\n').Split('\n');
        HistogramLog.Read(Log(lines), out var whole);
        whole.ShouldNotBeNull().ByResponder.Count.ShouldBe(2);
        for (var length = 1; length < lines.Length; length++)
            Should
                .Throw<InvalidDataException>(() => HistogramLog.Read(Log(lines[..length]), out _))
                .Message.ShouldContain("the log may be cut");
        // Without any one line behind the head, too.
        for (
            var i = Array.FindIndex(lines, line => line.StartsWith("Tag=", StringComparison.Ordinal));
            i < lines.Length;
            i++
        )
            Should.Throw<InvalidDataException>(() =>
                HistogramLog.Read(Log([.. lines[..i], .. lines[(i + 1)..]]), out _)
            );
    }

    [Theory]
    [InlineData("\"pod\":\"pod-1\",\"status\":200,\"count\":3", "\"pod\":\"pod-1\",\"status\":200,\"count\":4")]
    [InlineData("\"status\":200,\"count\":6", "\"status\":200,\"count\":7},{\"status\":404,\"count\":-1")]
    [InlineData("\"byBlock\":[1,", "\"byBlock\":[9,")]
    [InlineData("\"bytes\":6", "\"bytes\":-6")]
    public void Counts_that_contradict_the_histograms_are_refused(string right, string wrong)
    {
        var results = RandomRecords.Results(Enumerable.Range(0, 6).Select(i => Answer(i, $"pod-{i % 2}")));
        using var log = new MemoryStream();
        HistogramLog.Write(results, log, DateTimeOffset.UnixEpoch);
        var text = Encoding.UTF8.GetString(log.ToArray());
        text.ShouldContain(right);
        Should.Throw<InvalidDataException>(() =>
            HistogramLog.Read(Log(text.Replace(right, wrong, StringComparison.Ordinal).Split('\n')), out _)
        );
    }

    [Fact]
    public void Names_beyond_Latin_letters_are_read_as_they_were_written()
    {
        using var log = new MemoryStream();
        HistogramLog.Write(RandomRecords.Results([Answer(0, "p\u00fc\u65e5")]), log, DateTimeOffset.UnixEpoch);
        HistogramLog.Read(new MemoryStream(log.ToArray()), out var results);
        results.ShouldNotBeNull().ByResponder.Keys.ShouldBe(["p\u00fc\u65e5"]);
    }

    private static MemoryStream Log(string[] lines) => new(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));

    private static RequestRecord Answer(int number, string pod) =>
        new()
        {
            Sequence = number,
            Start = TimeSpan.FromMilliseconds(number + 1),
            End = TimeSpan.FromMilliseconds(number + 3),
            SourcePort = number + 1,
            Connection = number,
            Outcome = Outcome.Response,
            Status = 200,
            Pod = pod,
            BytesReceived = 1,
        };

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
}
