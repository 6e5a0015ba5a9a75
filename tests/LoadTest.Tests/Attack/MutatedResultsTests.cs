using System.Text;
using CiliumDebugging.LoadTest.Attack.Records;
using CiliumDebugging.LoadTest.Attack.Results;
using CiliumDebugging.LoadTest.Commands;
using CiliumDebugging.Testing;
using CsCheck;

namespace CiliumDebugging.LoadTest.Tests.Attack;

/// <summary>Results and target files of others, nearly right: they are refused in words or read.</summary>
public sealed class MutatedResultsTests
{
    [Theory]
    [InlineData(RecordFormat.Binary)]
    [InlineData(RecordFormat.Csv)]
    [InlineData(RecordFormat.Json)]
    public void A_file_of_records_is_refused_or_can_be_summarised_and_drawn(RecordFormat format)
    {
        using var good = new MemoryStream();
        using (var writer = RecordFile.Write(good, format))
            foreach (var record in Records(12))
                writer.Write(record);
        ShouldBeReadOrRefused(Encoding.Latin1.GetString(good.ToArray()));
    }

    [Theory]
    [InlineData("vegeta.json")]
    [InlineData("vegeta.csv")]
    [InlineData("hey.csv")]
    public void A_file_of_another_program_is_refused_or_can_be_summarised_and_drawn(string name) =>
        ShouldBeReadOrRefused(
            string.Concat(File.ReadLines(ForeignRecordsTests.FileOf(name)).Take(9).Select(l => l + "\n"))
        );

    private static void ShouldBeReadOrRefused(string good)
    {
        var (read, refused) = (0, 0);
        foreach (var text in Mutations.Of(good, seed: 3))
        {
            var (results, plot) = (new AttackResults(), new AttackPlot(TimeSpan.FromSeconds(1)));
            try
            {
                foreach (var record in RecordFile.Read(Bytes(text)))
                {
                    results.Add(record);
                    plot.Add(record);
                }
                read++;
            }
            catch (InvalidDataException e)
            {
                e.Message.ShouldNotBeEmpty();
                refused++;
            }
            // Costs more than reading.
            if ((read + refused) % 10 != 0)
                continue;
            RandomRecords.Text(results).ShouldNotBeEmpty();
            plot.WriteTo(TextWriter.Null, "mutated");
        }
        ShouldBeBoth(read, refused);
    }

    [Fact]
    public void A_histogram_log_is_refused_or_can_be_summarised()
    {
        using var good = new MemoryStream();
        HistogramLog.Write(RandomRecords.Results(Records(12)), good, DateTimeOffset.UnixEpoch);
        var (read, refused) = (0, 0);
        foreach (var text in Mutations.Of(Encoding.Latin1.GetString(good.ToArray()), seed: 4))
        {
            try
            {
                var byTag = HistogramLog.Read(Bytes(text), out var results);
                if (results is null)
                    AttackReport.Write(byTag, TextWriter.Null);
                else
                    RandomRecords.Text(results).ShouldNotBeEmpty();
                read++;
            }
            catch (InvalidDataException e)
            {
                e.Message.ShouldNotBeEmpty();
                refused++;
            }
        }
        ShouldBeBoth(read, refused);
    }

    [Theory]
    [InlineData(
        """
            # two targets
            GET http://127.0.0.1:8080/a?b=c
            X-Name: value

            POST http://127.0.0.1:8080/
            Content-Type: text/plain
            @body.txt
            """
    )]
    [InlineData(
        """
            {"method":"GET","url":"http://127.0.0.1:8080/a?b=c","header":{"X-Name":["value"]}}

            {"method":"POST","url":"http://127.0.0.1:8080/","body":"Rk9P"}
            """
    )]
    public void A_target_file_is_read_with_its_problems(string good)
    {
        var (read, refused) = (0, 0);
        foreach (var text in Mutations.Of(good, seed: 5))
            if (TargetFile.Parse(text.Split('\n')).Problems is [var problem, ..])
            {
                problem.ShouldStartWith("line ");
                refused++;
            }
            else
                read++;
        ShouldBeBoth(read, refused);
    }

    [Fact]
    public void A_line_without_an_end_is_no_record()
    {
        // As /dev/zero, which has no length either.
        using var endless = new EndlessZeros();
        Should.Throw<InvalidDataException>(() => RecordFile.Read(endless).Count()).Message.ShouldContain("line 1");
    }

    private static void ShouldBeBoth(int read, int refused)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"{read} read, {refused} refused");
        // Both must be common, or the changes test nothing.
        Math.Min(read, refused).ShouldBeGreaterThan(Mutations.Count / 100, $"{read} read, {refused} refused");
    }

    private static MemoryStream Bytes(string text) => new(Encoding.Latin1.GetBytes(text));

    private static List<RequestRecord> Records(int count)
    {
        var records = new List<RequestRecord>();
        RandomRecords.All.List[count].Sample(records.AddRange, iter: 1, seed: "0000KOIPe036", threads: 1);
        return records;
    }

    private sealed class EndlessZeros : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            buffer.Clear();
            return buffer.Length;
        }
    }
}
