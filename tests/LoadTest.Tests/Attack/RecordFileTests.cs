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
