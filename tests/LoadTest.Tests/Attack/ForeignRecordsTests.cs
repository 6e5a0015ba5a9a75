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

    private const string Good =
        """{"attack":"","seq":0,"code":200,"timestamp":"2026-01-01T00:00:00Z","latency":1500000,"bytes_in":2,"error":""}""";

    [Theory]
    [InlineData("\"latency\":1500000,", "", "field 'latency' is missing")]
    [InlineData("\"code\":200", "\"code\":\"200\"", "code '\"200\"': expected a whole number from 0 to 999")]
    [InlineData("\"code\":200", "\"code\":null", "code 'null': expected a whole number")]
    [InlineData("1500000", "1.5", "latency '1.5': expected a whole number")]
    [InlineData("1500000", "9223372036854775807", "latency '9223372036854775807': expected a whole number from 0 to")]
    [InlineData("2026-01-01T00:00:00Z", "yesterday", "timestamp '\"yesterday\"': expected a time such as")]
    [InlineData("\"error\":\"\"", "\"error\":0", "error '0': expected a text")]
    [InlineData("\"seq\":0", "\"body\":\"?\"", "body '\"?\"': expected base64")]
    [InlineData("\"seq\":0", "\"headers\":{\"x-pod\":\"a\"}", "headers '{\"x-pod\":\"a\"}': expected a list of texts")]
    [InlineData(Good, Good + "\nnull", "expected an object, found Null")]
    [InlineData(Good, Good + "\n{\"code\":", "it is not valid JSON")]
    public void A_field_of_vegeta_that_cannot_be_is_named_with_its_value(string right, string wrong, string problem) =>
        Problem(Good.Replace(right, wrong, StringComparison.Ordinal))
            .ShouldStartWith($"line {(right == Good ? 2 : 1)} is not a record: {problem}");

    [Theory]
    [InlineData("200,1767225600000000000,0,0,0,,,,0,GET,http://a/,", "code '1767225600000000000'")]
    [InlineData("1767225600000000000,OK,0,0,0,,,,0,GET,http://a/,", "code 'OK': expected a whole number from 0 to 999")]
    [InlineData("1767225600000000000,200,-1,0,0,,,,0,GET,http://a/,", "latency '-1'")]
    [InlineData("1767225600000000000,200,0,0,0,,?,,0,GET,http://a/,", "body '?': expected base64")]
    public void A_field_of_vegeta_in_CSV_that_cannot_be_is_named_with_its_value(string line, string problem) =>
        Problem(line).ShouldStartWith($"line 1 is not a record: {problem}");

    [Theory]
    [InlineData("0.1,0,0,0,0,0,200,NaN", "offset 'NaN': expected seconds from 0")]
    [InlineData("0.1,0,0,0,0,0,,1", "status-code '': expected a whole number")]
    [InlineData("-1,0,0,0,0,0,200,1", "response-time '-1': expected seconds from 0")]
    [InlineData("1e3,0,0,0,0,0,200,1", "response-time '1e3': expected seconds from 0")]
    [InlineData("0.1,0,0,0,0,0,200", "expected 8 fields, found 7")]
    public void A_field_of_hey_that_cannot_be_is_named_with_its_value(string line, string problem) =>
        Problem($"{File.ReadLines(FileOf("hey.csv")).First()}\n{line}\n")
            .ShouldStartWith($"line 2 is not a record: {problem}");

    [Fact]
    public void Records_of_vegeta_and_hey_are_recognised_with_their_fields_in_another_order()
    {
        Records("""{"error":"","code":503,"bytes_in":2,"latency":1500000,"timestamp":"2026-01-01T00:00:00Z"}""")
            .ShouldHaveSingleItem()
            .Status.ShouldBe(503);
        Records("offset,status-code,response-time\n1,503,0.5\n2,503,0.5\n")
            .Select(r => (r.Status, r.Start.TotalSeconds, r.Latency.TotalSeconds))
            .ShouldBe([(503, 0, 0.5), (503, 1, 0.5)]);
    }

    [Fact]
    public void A_file_with_its_header_alone_has_no_record() =>
        Problem(File.ReadLines(FileOf("hey.csv")).First() + "\n").ShouldBe("the file has no record");

    private static List<RequestRecord> Records(string text) =>
        [.. RecordFile.Read(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)))];

    private static string Problem(string text) => Should.Throw<InvalidDataException>(() => Records(text)).Message;

    [Theory]
    [InlineData("dial tcp 10.0.0.1:80: i/o timeout", Outcome.ConnectTimeout)]
    [InlineData("read tcp 10.0.0.2:4->10.0.0.1:80: i/o timeout", Outcome.NoAnswer)]
    [InlineData("dial tcp: lookup a.example: no such host", Outcome.ConnectError)]
    [InlineData("dial tcp 10.0.0.1:80: connect: no route to host", Outcome.ConnectError)]
    [InlineData("tls: failed to verify certificate", Outcome.ConnectError)]
    [InlineData("unexpected EOF", Outcome.ClosedEarly)]
    [InlineData("Get \"http://a/slow?timeout=5s\": EOF", Outcome.ClosedEarly)]
    [InlineData("Get http://a/slow?timeout=5s: EOF", Outcome.ClosedEarly)]
    [InlineData("Post \"http://a/\\\"malformed: x\": EOF", Outcome.ClosedEarly)]
    [InlineData("Get \"http://a/dial broken pipe\": read: i/o timeout", Outcome.NoAnswer)]
    [InlineData("Get \"http://a/\": malformed HTTP status code \"dial timeout\"", Outcome.Malformed)]
    [InlineData("Get \"http://a/\": malformed MIME header line: timeout", Outcome.Malformed)]
    [InlineData("dial tcp: lookup timeout.example: no such host", Outcome.ConnectError)]
    [InlineData("x509: certificate is valid for timeout.example, not a.example", Outcome.ConnectError)]
    [InlineData("dial tcp 10.0.0.1:80: connect: connection timed out", Outcome.ConnectTimeout)]
    [InlineData("dial tcp 10.0.0.1:80: connect: host is down", Outcome.ConnectError)]
    [InlineData("proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused", Outcome.ConnectRefused)]
    [InlineData("net/http: TLS handshake timeout", Outcome.ConnectTimeout)]
    [InlineData("http: server gave HTTP response to HTTPS client", Outcome.ConnectError)]
    [InlineData("read tcp 10.0.0.2:4->10.0.0.1:80: read: connection timed out", Outcome.NoAnswer)]
    [InlineData("http2: client connection lost", Outcome.NoAnswer)]
    [InlineData("http2: timeout awaiting response headers", Outcome.NoAnswer)]
    [InlineData("context deadline exceeded (Client.Timeout exceeded while awaiting headers)", Outcome.NoAnswer)]
    [InlineData("stream error: stream ID 3; REFUSED_STREAM; received from peer", Outcome.Reset)]
    [InlineData("stream error: stream ID 3; INTERNAL_ERROR; received from peer", Outcome.Reset)]
    [InlineData("stream error: stream ID 3; PROTOCOL_ERROR; received from peer", Outcome.Reset)]
    [InlineData("stream error: stream ID 3; REFUSED_STREAM", Outcome.Reset)]
    [InlineData("stream error: stream ID 3; PROTOCOL_ERROR; invalid pseudo-header \"x\"", Outcome.Malformed)]
    [InlineData("http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR", Outcome.Reset)]
    [InlineData("http2: Transport received Server's graceful shutdown GOAWAY", Outcome.Reset)]
    [InlineData("connection error: PROTOCOL_ERROR", Outcome.Malformed)]
    [InlineData("net/http: server response headers exceeded 10485760 bytes; aborted", Outcome.Malformed)]
    [InlineData("net/http: HTTP/1.x transport connection broken: too many transfer encodings", Outcome.Malformed)]
    [InlineData("net/http: HTTP/1.x transport connection broken: unexpected EOF", Outcome.ClosedEarly)]
    [InlineData("http: server closed idle connection", Outcome.ClosedEarly)]
    [InlineData("Get \"http://a/\": context canceled", Outcome.Canceled)]
    [InlineData("Get \"http://a/\": stopped after 10 redirects", Outcome.Unknown)]
    [InlineData("Get \"http://a/EOF\": unsupported protocol scheme \"malformed\"", Outcome.Unknown)]
    [InlineData("no targets to attack", Outcome.Unknown)]
    [InlineData("", Outcome.Unknown)]
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

    [Theory]
    [InlineData("x-pod", "\"body\":null")]
    [InlineData("x-other", "\"body\":\"aG9zdD1ww7zml6U=\"")]
    public void Names_of_Pods_are_read_as_UTF_8(string header, string body) =>
        Records(
                Good.Replace(
                    "\"seq\":0",
                    $"\"headers\":{{\"{header}\":[\"p\u00fc\u65e5\"]}},{body}",
                    StringComparison.Ordinal
                )
            )
            .ShouldHaveSingleItem()
            .Pod.ShouldBe("p\u00fc\u65e5");

    [Fact]
    public void Names_of_Pods_in_the_headers_of_CSV_are_read_as_UTF_8()
    {
        var headers = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("X-Pod: p\u00fc\u65e5\r\n"));
        Records($"1767225600000000000,200,0,0,0,,,,0,GET,http://a/,{headers}")
            .ShouldHaveSingleItem()
            .Pod.ShouldBe("p\u00fc\u65e5");
    }

    private static AttackResults Results(string name)
    {
        var results = new AttackResults();
        foreach (RequestRecord record in RecordFile.Read(FileOf(name)))
            results.Add(record);
        return results;
    }
}
