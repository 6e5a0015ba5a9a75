using System.Text;
using System.Threading.Channels;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Page;

/// <summary>What several open pages receive, with the moments between two publications held still.</summary>
public sealed class PageEventsTests
{
    [Fact]
    public async Task A_page_that_is_opened_before_the_others_know_of_a_new_line_does_not_keep_it_from_them()
    {
        var (feed, time) = (new LiveState(TimeProvider.System), new HeldTime());
        feed.Begin("many-pods", "Many pods", byHand: false, 30);
        Progress(feed, pods: 3, at: 1);
        await using PageEvents broadcast = new PageEvents(feed, time);
        var first = broadcast.Open()!;
        feed.Step("something to publish");
        var publish = await time.NextAsync();
        Progress(feed, pods: 3, at: 2);
        publish();
        publish = await time.NextAsync();
        while (first.Frames.TryRead(out _))
        {
            // The whole, and what was published up to here.
        }

        Progress(feed, pods: 4, at: 3);
        var second = broadcast.Open()!;
        Progress(feed, pods: 4, at: 4);
        publish();

        (await ChartFrameAsync(second)).ShouldContain(
            "backend-1-003",
            customMessage: "it has the new line from the start"
        );
        (await ChartFrameAsync(first)).ShouldStartWith(
            "event: series",
            customMessage: "a point of lines that it does not know is nothing to it"
        );
        broadcast.Close(second);
        broadcast.Close(first);
    }

    private static void Progress(LiveState feed, int pods, double at) =>
        feed.Progress(ManyPods.Report(ManyPods.Pods(pods, 3), _ => true, at, at));

    private static async Task<string> ChartFrameAsync(PageEvents.Page page)
    {
        while (true)
        {
            var frame = Encoding.UTF8.GetString(
                await page
                    .Frames.ReadAsync(TestContext.Current.CancellationToken)
                    .AsTask()
                    .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)
            );
            if (
                frame.StartsWith("event: series", StringComparison.Ordinal)
                || frame.StartsWith("event: point", StringComparison.Ordinal)
            )
                return frame;
        }
    }

    /// <summary>A time in which what waits, waits until it is let go.</summary>
    private sealed class HeldTime : TimeProvider
    {
        private readonly Channel<Action> _held = Channel.CreateUnbounded<Action>();

        /// <summary>The next one that waits; the action lets it go.</summary>
        public async Task<Action> NextAsync() =>
            await _held
                .Reader.ReadAsync(TestContext.Current.CancellationToken)
                .AsTask()
                .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _held.Writer.TryWrite(() => callback(state));
            return System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
