using CiliumDebugging.Lab.Page;

namespace CiliumDebugging.Lab.Tests.Page;

public sealed class TimelineTests
{
    private static readonly TimelineLine s_line = new("echo", "backend/one", 0);

    [Fact]
    public void A_night_fits_spans_the_whole_night_and_the_last_two_minutes_are_whole()
    {
        var timeline = new Timeline();
        for (var second = 0; second < 43_200; second++)
            timeline.Add(second, [KeyValuePair.Create(s_line, second * 17.0)]);

        var at = timeline.Samples.Select(s => s.At).ToList();
        at.Count.ShouldBe(Timeline.Capacity);
        at[0].ShouldBe(0);
        at[^120..].ShouldBe(Enumerable.Range(43_200 - 120, 120).Select(s => (double)s));
        at.Zip(at.Skip(1)).Max(p => p.Second - p.First).ShouldBeLessThan(600);
        timeline.Samples.ShouldAllBe(s => s.Values[0] == s.At * 17); // counts are cumulative: nothing is lost
    }

    [Fact]
    public void A_reader_that_follows_additions_and_drops_has_the_same_samples()
    {
        var (timeline, mirror) = (new Timeline(), new List<double>());
        for (var second = 0; second < 3000; second++)
        {
            var dropped = timeline.Add(second, [KeyValuePair.Create(s_line, 1.0)]);
            mirror.Add(second);
            if (dropped >= 0)
                mirror.RemoveAt(dropped);
        }

        mirror.ShouldBe(timeline.Samples.Select(s => s.At));
    }

    [Fact]
    public void Replaced_pods_do_not_add_lines_without_end()
    {
        var timeline = new Timeline();
        for (var i = 0; i < 2 * Timeline.MaxLines; i++)
            timeline.Add(i, [KeyValuePair.Create(s_line with { Row = $"pod-{i}" }, (double)i)]);

        timeline.Lines.Count.ShouldBe(Timeline.MaxLines);
        timeline.Lines[^1].Row.ShouldBe($"pod-{2 * Timeline.MaxLines - 1}");
        timeline.Samples.ShouldAllBe(s => s.Values.Length <= Timeline.MaxLines);
    }
}
