using CiliumDebugging.ClusterSetup.Commands;

namespace CiliumDebugging.ClusterSetup.Tests.Commands;

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

    private sealed class ManualTime : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
