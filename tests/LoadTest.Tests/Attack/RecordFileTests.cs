using System.Text;
using CiliumDebugging.LoadTest.Attack.Http;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Contract;
using CsCheck;

namespace CiliumDebugging.LoadTest.Tests.Attack;

public sealed class RecordFileTests
{
    [Theory]
    [InlineData("bin")]
    [InlineData("csv")]
    [InlineData("json")]
    public async Task What_is_saved_is_read_back(string extension)
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.{extension}");
        try
        {
            var records = RandomRecords.All.Array[3000].Single();
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

    public static TheoryData<string, RequestRecord> Impossible
    {
        get
        {
            var good = new RequestRecord
            {
                Sequence = 0,
                Start = TimeSpan.FromMilliseconds(2),
                End = TimeSpan.FromMilliseconds(3),
                Connection = 0,
                Outcome = Outcome.Response,
                Status = 200,
            };
            return new()
            {
                { "status -1", good with { Status = -1 } },
                { "status 99999", good with { Status = 99_999 } },
                { "status 42", good with { Status = 42 } },
                { "status 0 is not from 100 to 999", good with { Status = 0 } },
                { "end_us 1000 is before start_us 2000", good with { End = TimeSpan.FromMilliseconds(1) } },
                { "source_port 65536", good with { SourcePort = 65_536 } },
                { "sequence -1", good with { Sequence = -1 } },
                { "connection -2", good with { Connection = -2 } },
                { "request_on_connection -1", good with { RequestOnConnection = -1 } },
                { "bytes -1", good with { BytesReceived = -1 } },
                { "errno -1", good with { Errno = -1 } },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Impossible))]
    public void A_record_of_no_request_is_refused_with_its_number_and_field(string expected, RequestRecord wrong)
    {
        var good = wrong with { Sequence = 1, Status = 200, End = TimeSpan.FromSeconds(1), SourcePort = 1 };
        good = good with { Connection = 0, RequestOnConnection = 0, BytesReceived = 0, Errno = 0 };
        foreach (var format in (RecordFormat[])[RecordFormat.Csv, RecordFormat.Json])
            Should
                .Throw<InvalidDataException>(() => RecordFile.Read(Written(format, good, wrong)).Count())
                .Message.ShouldStartWith($"record 2 is not possible: {expected}");
    }

    [Fact]
    public void An_end_before_the_start_is_refused_in_a_binary_file_as_well()
    {
        var wrong = new RequestRecord
        {
            Sequence = 0,
            Start = TimeSpan.FromMilliseconds(2),
            Connection = 0,
            Outcome = Outcome.Response,
            Status = 200,
        };
        Should
            .Throw<InvalidDataException>(() => RecordFile.Read(Written(RecordFormat.Binary, wrong)).Count())
            .Message.ShouldBe("record 1 is not possible: end_us 0 is before start_us 2000");
    }

    [Theory]
    [InlineData("\"Response\"", "7", "outcome '7' is not possible")]
    [InlineData("\"status\":200", "\"status\":4294967496", "status '4294967496' is not possible")]
    [InlineData("\"end_us\":0", "\"end_us\":1e300", "end_us '1e300' is not possible")]
    public void A_value_that_is_none_is_refused_with_its_line_and_field(string good, string wrong, string expected)
    {
        var record = new RequestRecord
        {
            Sequence = 0,
            Connection = 0,
            Outcome = Outcome.Response,
            Status = 200,
        };
        var text = Encoding.UTF8.GetString(Written(RecordFormat.Json, record).ToArray());
        text.ShouldContain(good);
        using var stream = new MemoryStream(
            Encoding.UTF8.GetBytes(text.Replace(good, wrong, StringComparison.Ordinal))
        );
        Should
            .Throw<InvalidDataException>(() => RecordFile.Read(stream).Count())
            .Message.ShouldBe($"line 1 is not a record: {expected}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\r\n")]
    public void A_file_without_anything_is_refused(string text)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        Should.Throw<InvalidDataException>(() => RecordFile.Read(stream).Count()).Message.ShouldBe("the file is empty");
    }

    [Theory]
    [InlineData(RecordFormat.Binary)]
    [InlineData(RecordFormat.Csv)]
    public void A_file_with_the_head_of_its_format_alone_is_refused(RecordFormat format)
    {
        using var stream = Written(format);
        Should
            .Throw<InvalidDataException>(() => RecordFile.Read(stream).Count())
            .Message.ShouldBe("the file has no record");
    }

    private static MemoryStream Written(RecordFormat format, params RequestRecord[] records)
    {
        using var stream = new MemoryStream();
        using (var writer = RecordFile.Write(stream, format))
            foreach (var record in records)
                writer.Write(record);
        return new MemoryStream(stream.ToArray());
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
}
