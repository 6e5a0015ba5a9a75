using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.LoadTest.Contract;
using CiliumDebugging.LoadTest.Tests.Attack;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.LoadTest.Tests.Commands;

/// <summary>The requests of an attack count once, in whatever files they are given.</summary>
public sealed class DistinctAttacksTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("report", "a.bin", "copy.bin")]
    [InlineData("report", "a.bin", "a.hdr")]
    [InlineData("report", "a.csv", "b.bin", "a.json")]
    [InlineData("report", "a.hdr", "copy.hdr")]
    [InlineData("report", "sorted.csv", "a.hdr")]
    [InlineData("report", "vegeta.json", "vegeta.csv")]
    [InlineData("plot", "a.bin", "copy.bin")]
    [InlineData("plot", "a.bin", "a.csv")]
    public async Task An_attack_that_is_given_twice_is_refused(string command, params string[] names)
    {
        await SaveAsync();
        var (exitCode, output, errors) = await RunAsync(command, names);

        (exitCode, output).ShouldBe(((int)ExitCode.BadUsage, ""), errors);
        errors.ShouldContain(
            $"results files '{PathOf(names[0])}' and '{PathOf(names[^1])}' have the same requests; give each attack once"
        );
    }

    [Theory]
    [InlineData("report", "a.bin", "b.bin")]
    [InlineData("report", "a.hdr", "b.bin")]
    [InlineData("report", "unsent.csv", "unsent2.csv")]
    [InlineData("report", "vegeta.json", "hey.csv")]
    [InlineData("plot", "a.bin", "b.bin")]
    public async Task Attacks_of_the_same_plan_are_two(string command, params string[] names)
    {
        await SaveAsync();
        var (exitCode, _, errors) = await RunAsync(command, names);

        exitCode.ShouldBe((int)ExitCode.Success, errors);
    }

    private async Task SaveAsync()
    {
        // One answer came 0.1 ms later.
        RequestRecord[] first = [.. Enumerable.Range(0, 9).Select(i => Answer(i, 0.2))];
        RequestRecord[] second = [.. first[..^1], Answer(8, 0.3)];
        RequestRecord[] unsent = [RequestRecord.Unsent(0, TimeSpan.Zero, TimeSpan.Zero, Outcome.Overdue)];
        foreach (var extension in (string[])["bin", "csv", "json"])
            await SaveAsync($"a.{extension}", first);
        await SaveAsync("b.bin", second);
        await SaveAsync("sorted.csv", first.OrderByDescending(r => r.Sequence));
        await SaveAsync("unsent.csv", unsent);
        await SaveAsync("unsent2.csv", unsent);
        await using (var log = File.Create(PathOf("a.hdr")))
            HistogramLog.Write(RandomRecords.Results(first), log, DateTimeOffset.UnixEpoch.AddDays(1));
        foreach (var extension in (string[])["bin", "hdr"])
            File.Copy(PathOf($"a.{extension}"), PathOf($"copy.{extension}"));
        foreach (var name in (string[])["vegeta.json", "vegeta.csv", "hey.csv"])
            File.Copy(ForeignRecordsTests.FileOf(name), PathOf(name));
    }

    private async Task SaveAsync(string name, IEnumerable<RequestRecord> records)
    {
        await using var sink = new RecordFileSink(PathOf(name));
        foreach (var record in records)
            sink.Add(record);
    }

    private static RequestRecord Answer(int number, double milliseconds) =>
        new()
        {
            Sequence = number,
            IntendedStart = TimeSpan.FromMilliseconds(number),
            Start = TimeSpan.FromMilliseconds(number + 0.1),
            End = TimeSpan.FromMilliseconds(number + milliseconds),
            // The port of a choice that another request repeats: which of the two is first depends on the order.
            SourcePort = 40_000 + (number % 8),
            Connection = number,
            Outcome = Outcome.Response,
            Status = 200,
            Pod = number < 8 ? "a" : "b",
            BytesReceived = 9,
        };

    private string PathOf(string name) => Path.Combine(_folder, name);

    private async Task<(int ExitCode, string Output, string Errors)> RunAsync(string command, string[] names)
    {
        string[] page = command == "plot" ? ["--output", PathOf("plot.html")] : [];
        return await LoadTestProcess.RunAsync([command, .. names.Select(PathOf), .. page]);
    }
}
