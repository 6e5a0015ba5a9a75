using CiliumDebugging.LoadTest.Commands;

namespace CiliumDebugging.LoadTest.Tests.Commands;

public sealed class ProgressLinesTests : IDisposable
{
    private const string Clear = "\r\u001b[2K";

    private readonly ManualTime _time = new();
    private readonly StringWriter _text = new() { NewLine = "\n" };

    public void Dispose() => _text.Dispose();

    [Fact]
    public void On_a_terminal_the_time_is_one_line_that_the_next_one_replaces()
    {
        var lines = new ProgressLines(_text, isTerminal: true, _time);
        lines.Write("began", passing: false);
        lines.Write("1/20 s", passing: true);
        lines.Write("2/20 s", passing: true);
        lines.Write("even", passing: false);
        lines.Write("3/20 s", passing: true);
        lines.End();
        _text.ToString().ShouldBe($"› began\n{Clear}› 1/20 s{Clear}› 2/20 s{Clear}› even\n{Clear}› 3/20 s{Clear}");
    }

    [Fact]
    public void Without_a_terminal_the_time_is_written_every_30_s()
    {
        var lines = new ProgressLines(_text, isTerminal: false, _time);
        for (var second = 1; second <= 70; second++)
        {
            _time.Seconds++;
            lines.Write($"{second}/180 s", passing: true);
        }
        lines.End();
        _text.ToString().ShouldBe("› 30/180 s\n› 60/180 s\n");
    }

    [Fact]
    public void A_terminal_shows_the_part_that_is_done_as_a_bar()
    {
        var lines = new ProgressLines(_text, isTerminal: true, _time);
        lines.Write("1/4 s", passing: true, done: 0.25);
        _text.ToString().ShouldBe($"{Clear}› {new string('█', 5)}{new string('░', 15)} 1/4 s");
    }

    [Fact]
    public void A_passing_line_in_a_file_has_100_columns_at_most_and_no_bar()
    {
        var lines = new ProgressLines(_text, isTerminal: false, _time, every: TimeSpan.Zero);
        lines.Write(new string('x', 200), passing: true, done: 0.5);
        _text.ToString().ShouldBe($"› {new string('x', 97)}…\n");
    }

    private sealed class ManualTime : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
