using System.Text;
using System.Threading.Channels;
using CiliumDebugging.Lab.Page;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Lab.Tests.Page;

/// <summary>What several open pages receive, with full control of the moments between two publications.</summary>
public sealed class PageEventsTests
{
    [Fact]
    public async Task A_new_line_reaches_all_pages_although_a_page_opened_in_between_knows_it_first()
    {
        var (feed, time) = (new LiveState(TimeProvider.System), new HeldTime());
        feed.Begin("many-pods", "Many pods", manual: false, 30);
        Progress(feed, pods: 3, at: 1);
        await using var broadcast = new PageEvents(feed, time);
        var first = broadcast.Open()!;
        feed.Step("something to publish");
        var publish = await time.NextAsync();
        Progress(feed, pods: 3, at: 2);
        publish();
        publish = await time.NextAsync();
        while (first.Events.TryRead(out _))
        {
            // The whole, and what was published up to here.
        }

        Progress(feed, pods: 4, at: 3);
        var second = broadcast.Open()!;
        Progress(feed, pods: 4, at: 4);
        publish();

        (await ChartEventAsync(second)).ShouldContain(
            "backend-1-003",
            customMessage: "it has the new line from the start"
        );
        (await ChartEventAsync(first)).ShouldStartWith(
            "event: series",
            customMessage: "it cannot use a point of lines that it does not know"
        );
        broadcast.Close(second);
        broadcast.Close(first);
    }

    private static void Progress(LiveState feed, int pods, double at) =>
        feed.Progress(ManyPods.Report(ManyPods.Pods(pods, 3), _ => true, at, at));

    private static async Task<string> ChartEventAsync(OpenPage page)
    {
        while (true) // each read has a deadline of its own
        {
            var text = Encoding.UTF8.GetString(
                await page
                    .Events.ReadAsync(TestContext.Current.CancellationToken)
                    .AsTask()
                    .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)
            );
            if (
                text.StartsWith("event: series", StringComparison.Ordinal)
                || text.StartsWith("event: point", StringComparison.Ordinal)
            )
                return text;
        }
    }

    /// <summary>A time whose timers fire only when the test says so.</summary>
    private sealed class HeldTime : TimeProvider
    {
        private readonly Channel<Action> _held = Channel.CreateUnbounded<Action>();

        /// <summary>The next timer; the action fires it.</summary>
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
