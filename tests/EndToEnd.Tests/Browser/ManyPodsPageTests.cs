using CiliumDebugging.Lab.Page;
using CiliumDebugging.Testing;
using Microsoft.Playwright;

namespace CiliumDebugging.EndToEnd.Tests.Browser;

/// <summary>The live page with many Pods, without a cluster.</summary>
public sealed class ManyPodsPageTests(Chromium chromium)
{
    private const float Patience = 60_000;

    [Fact]
    public async Task Three_hundred_pods_are_groups_and_a_heat_map_on_a_phone_too()
    {
        var feed = new LiveState(TimeProvider.System);
        // Only readers cause an evaluation, and the page may be connected only after the sample.
        using var watch = feed.Watch();
        var pods = ManyPods.Pods(300, 12);
        bool Answers(int i) => i % 12 == 0;
        feed.Begin("many-pods", "Many pods", manual: true, 300);
        feed.Progress(ManyPods.Report(pods, Answers, at: 8, per: 8));
        feed.Progress(ManyPods.Report(pods, Answers));
        await using var server = await PageServer.StartAsync(
            feed,
            new NoCommands(),
            TimeProvider.System,
            null,
            TestContext.Current.CancellationToken
        );
        List<string> complaints = [];
        var page = await chromium.OpenLiveAsync($"{server.Address}", complaints);
        feed.Sample(ManyPods.Rates(pods, Answers));

        await page.Locator("#headline", new PageLocatorOptions { HasTextString = "25 of 300 pods answer" })
            .WaitForAsync(new LocatorWaitForOptions { Timeout = Patience });
        await page.Locator("#rows tr")
            .Nth(11)
            .WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached, Timeout = Patience });
        (await page.Locator("#rows tr").CountAsync()).ShouldBe(12);
        var groups = page.Locator("#pod-list .words");
        (await groups.CountAsync()).ShouldBe(2);
        (await groups.First.InnerTextAsync()).ShouldStartWith("275 not answering, on 11 nodes");
        (await groups.Last.InnerTextAsync()).ShouldStartWith("25 answering, on 1 node");
        (await page.Locator("#picture svg").TextContentAsync())!.ShouldContain("11 nodes");
        (await page.Locator("#heat").GetAttributeAsync("aria-label"))!.ShouldContain("300 pods");
        var (canvas, view) = (await page.Locator("#heat canvas").BoundingBoxAsync(), page.ViewportSize!);
        (canvas!.Y + canvas.Height).ShouldBeLessThanOrEqualTo(view.Height);
        await page.SetViewportSizeAsync(390, 844);
        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(390);
        TestContext.Current.AddAttachment(
            "300 pods, 390x844",
            await page.ScreenshotAsync(
                new PageScreenshotOptions
                {
                    FullPage = true,
                    Path = Path.Combine(AppContext.BaseDirectory, "TestResults", "live-page", "300-pods.png"),
                }
            ),
            "image/png"
        );
        complaints.ShouldBeEmpty();
        await page.CloseAsync();
    }

    /// <summary>
    /// Gives the page's own module one sample a second and the position that it displaces, as the stream does.
    /// </summary>
    private const string PlayNight = """
        async drops => {
          const series = await import('/js/series.js');
          series.reset({ lines: [{ chart: 'echo', row: 'backend/one', status: 0 }], at: [], values: [[]] });
          drops.forEach((drop, second) => series.add({ at: second, drop, values: [second * 17] }));
          return [series.times(), series.linesOf('echo')[0].values];
        }
        """;

    [Fact]
    public async Task A_page_left_open_for_a_night_holds_exactly_what_the_server_holds()
    {
        var (timeline, line) = (new Timeline(), new TimelineLine("echo", "backend/one", 0));
        var drops = Enumerable
            .Range(0, 12 * 3600)
            .Select(second => timeline.Add(second, [KeyValuePair.Create(line, second * 17.0)]))
            .ToArray();
        await using var server = await PageServer.StartAsync(
            new LiveState(TimeProvider.System),
            new NoCommands(),
            TimeProvider.System,
            null,
            TestContext.Current.CancellationToken
        );
        var page = await chromium.OpenLiveAsync($"{server.Address}icon.svg", []); // only its origin, without the stream

        var held = await page.EvaluateAsync<double[][]>(PlayNight, drops);

        held[0].ShouldBe(timeline.Samples.Select(s => s.At));
        held[1].ShouldBe(timeline.Samples.Select(s => s.Values[0]));
        held[0].Length.ShouldBe(Timeline.Capacity);
        await page.CloseAsync();
    }

    [Fact]
    public async Task After_the_lab_has_ended_its_last_status_is_marked_as_old()
    {
        var (feed, pods) = (new LiveState(TimeProvider.System), ManyPods.Pods(3, 3));
        feed.Begin("many-pods", "Many pods", manual: true, 30);
        feed.Progress(ManyPods.Report(pods, _ => true));
        var server = await PageServer.StartAsync(
            feed,
            new NoCommands(),
            TimeProvider.System,
            null,
            TestContext.Current.CancellationToken
        );
        var page = await chromium.OpenLiveAsync($"{server.Address}", []);
        await page.Locator("#headline", new PageLocatorOptions { HasTextRegex = new("^○ All 3 pods answer") })
            .WaitForAsync(new LocatorWaitForOptions { Timeout = Patience });

        await page.RouteAsync("**/events", route => route.AbortAsync()); // another lab may use the port next
        await server.DisposeAsync();

        await page.Locator(
                "#headline",
                new PageLocatorOptions { HasTextString = "Not connected. Last seen: ○ All 3 pods answer" }
            )
            .WaitForAsync(new LocatorWaitForOptions { Timeout = Patience });
        (await page.TitleAsync()).ShouldStartWith("Not connected");
        (await page.Locator("#situation").GetAttributeAsync("data-kind")).ShouldBe("waiting");
        await page.CloseAsync();
    }

    [Fact]
    public async Task The_link_of_a_restarted_lab_works_in_the_tab_of_the_old_one()
    {
        await using var server = await PageServer.StartAsync(
            new LiveState(TimeProvider.System),
            new NoCommands(),
            TimeProvider.System,
            null,
            TestContext.Current.CancellationToken
        );
        var oldToken = new string('0', 22);
        var page = await chromium.OpenLiveAsync($"{server.Address}#{oldToken}", []);
        await page.Locator("#link-state.on").WaitForAsync(new LocatorWaitForOptions { Timeout = Patience });

        await page.GotoAsync($"{server.Link}"); // the same page with another fragment is not loaded again
        await page.ClickAsync("#write-report");

        await page.Locator("#answer", new PageLocatorOptions { HasTextString = NoCommands.Answer })
            .WaitForAsync(new LocatorWaitForOptions { Timeout = Patience });
        page.Url.ShouldNotContain("#"); // the new token is hidden, too
        await page.CloseAsync();
    }

    private sealed class NoCommands : IPageCommands
    {
        public const string Answer = "no command is carried out here";

        public Task<string> RunAsync(PageCommand command, CancellationToken cancellationToken) =>
            throw new CommandRefusedException(Answer);
    }
}
