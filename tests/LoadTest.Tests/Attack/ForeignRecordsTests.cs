using System.Text.Json;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>Files of vegeta and hey; their origin is in the README beside them.</summary>
public sealed class ForeignRecordsTests
{
    /// <summary>A recorded file.</summary>
    internal static string FileOf(string name) => Path.Combine(AppContext.BaseDirectory, "Attack", "Foreign", name);

    [Theory]
    [InlineData("vegeta.json")]
    [InlineData("vegeta.csv")]
    public void Each_request_of_vegeta_is_in_the_bucket_that_its_error_says(string name)
    {
        var results = Results(name);

        results
            .Accounting.Parts()
            .ShouldBe(
                [
                    "10 × 200",
                    "5 × 503",
                    "5 × connect refused ECONNREFUSED",
                    "5 × no answer",
                    "5 × reset ECONNRESET",
                    "5 × closed early",
                    "5 × malformed",
                ],
                ignoreOrder: true
            );
        results.Accounting.Discrepancies().ShouldBeEmpty();
        results.AchievedRate.ShouldBe(20, 0.1);
        results
            .Counts.GroupBy(c => c.Key.Pod, c => c.Value)
            .ToDictionary(p => p.Key, p => p.Sum())
            .ShouldBe(new Dictionary<string, long> { ["backend-a"] = 11, ["backend-b"] = 4 }, ignoreOrder: true);
    }

    [Fact]
    public void Both_encodings_of_vegeta_are_read_as_the_same_records() =>
        RecordFile.Read(FileOf("vegeta.csv")).ShouldBe(RecordFile.Read(FileOf("vegeta.json")));

    [Fact]
    public void Records_of_vegeta_are_numbered_and_timed_as_in_the_file()
    {
        var lines = File.ReadLines(FileOf("vegeta.json")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var first = lines.Min(line => line.GetProperty("timestamp").GetDateTimeOffset());
        var records = RecordFile.Read(FileOf("vegeta.json")).ToList();

        records.Select(r => r.Sequence).ShouldBe(lines.Select(line => line.GetProperty("seq").GetInt64()));
        records
            .Select(r => r.Start)
            .ShouldBe(lines.Select(line => line.GetProperty("timestamp").GetDateTimeOffset() - first));
        records
            .Select(r => r.Latency.Ticks)
            .ShouldBe(lines.Select(line => line.GetProperty("latency").GetInt64() / 100));
    }

    [Fact]
    public void Answers_of_hey_are_read_with_their_times()
    {
        var records = RecordFile.Read(FileOf("hey.csv")).ToList();
        var rows = File.ReadLines(FileOf("hey.csv")).Skip(1).Select(line => line.Split(',')).ToList();

        records.Count.ShouldBe(40);
        records.ShouldAllBe(r => r.Outcome == Outcome.Response && r.Status == 200);
        records
            .Select(r => r.Latency.TotalSeconds)
            .ShouldBe(rows.Select(row => double.Parse(row[0], System.Globalization.CultureInfo.InvariantCulture)));
        records.Min(r => r.Start).ShouldBe(TimeSpan.Zero);
        records.MaxBy(r => r.Start).Sequence.ShouldBeGreaterThan(35);
    }

    [Fact]
    public void The_encoding_that_is_not_read_is_named_with_the_command_that_changes_it() =>
        Should
            .Throw<InvalidDataException>(() => RecordFile.Read(FileOf("vegeta.gob")).Count())
            .Message.ShouldContain("vegeta encode");

    [Theory]
    [InlineData("vegeta.json", "\"code\":200", "\"code\":2000")]
    [InlineData("vegeta.json", "\"latency\":3819263", "\"latency\":-1")]
    [InlineData("vegeta.csv", ",200,3819263,", ",200,3819263,,")]
    [InlineData("hey.csv", ",200,", ",OK,")]
    public void A_line_that_is_wrong_is_named(string name, string right, string wrong)
    {
        var text = File.ReadAllText(FileOf(name));
        text.ShouldContain(right);

        Should
            .Throw<InvalidDataException>(() =>
                RecordFile
                    .Read(
                        new MemoryStream(
                            System.Text.Encoding.UTF8.GetBytes(text.Replace(right, wrong, StringComparison.Ordinal))
                        )
                    )
                    .Count()
            )
            .Message.ShouldStartWith(name == "hey.csv" ? "line 2 " : "line 1 ");
    }

    [Theory]
    [InlineData("dial tcp 10.0.0.1:80: i/o timeout", Outcome.ConnectTimeout)]
    [InlineData("read tcp 10.0.0.2:4->10.0.0.1:80: i/o timeout", Outcome.NoAnswer)]
    [InlineData("dial tcp: lookup a.example: no such host", Outcome.ConnectError)]
    [InlineData("dial tcp 10.0.0.1:80: connect: no route to host", Outcome.ConnectError)]
    [InlineData("tls: failed to verify certificate", Outcome.ConnectError)]
    [InlineData("unexpected EOF", Outcome.ClosedEarly)]
    public void Other_errors_of_Go_have_their_buckets(string error, Outcome outcome)
    {
        var line =
            """{"attack":"","seq":0,"code":0,"timestamp":"2026-01-01T00:00:00Z","latency":1500000,"bytes_in":0,"error":"""
            + $"{JsonSerializer.Serialize(error)}}}\n";

        RecordFile
            .Read(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(line)))
            .ShouldHaveSingleItem()
            .ShouldSatisfyAllConditions(
                r => r.Outcome.ShouldBe(outcome),
                r => r.Latency.ShouldBe(TimeSpan.FromMilliseconds(1.5)),
                r => r.Fault.ShouldBe(ResponseFault.None)
            );
    }

    private static AttackResults Results(string name)
    {
        var results = new AttackResults();
        foreach (RequestRecord record in RecordFile.Read(FileOf(name)))
            results.Add(record);
        return results;
    }
}
