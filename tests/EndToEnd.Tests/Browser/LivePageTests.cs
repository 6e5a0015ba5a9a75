using System.Diagnostics;
using System.Text.Json;
using Microsoft.Playwright;

namespace CiliumDebugging.EndToEnd.Tests.Browser;

/// <summary>The live page of a running lab, from balanced to skewed and back, as a reader sees it.</summary>
[Collection(LabsOfTheirOwn.Name)]
public sealed class LivePageTests(Chromium chromium)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);
    private static readonly float s_patience = 60_000;

    /// <summary>Texts of the whole story that are completely in the first viewport.</summary>
    private const string InFirstViewport = """
        () => [...document.querySelectorAll('#headline, #story span, #facts dd, #pod-list th, #pod-list td, #picture text, .flag, #readout')].filter(e => {
          const r = e.getBoundingClientRect();
          return r.width > 0 && r.top >= 0 && r.bottom <= innerHeight && r.right <= innerWidth;
        }).map(e => e.textContent).join('\n')
        """;

    /// <summary>Names that are broken over two lines, or cut.</summary>
    private const string BrokenNames = """
        () => [...document.querySelectorAll('#pod-list th, #pod-list td, #picture text, #tabs button, header button, .flag')].filter(e => {
          const range = document.createRange();
          range.selectNodeContents(e);
          const lines = new Set([...range.getClientRects()].filter(r => r.width > 0).map(r => Math.round((r.top + r.bottom) / 16)));
          return lines.size > 2 || (e.textContent.startsWith('…'));
        }).map(e => e.textContent)
        """;

    [Fact]
    public async Task The_page_shows_and_controls_a_run_from_balanced_to_skewed_and_back()
    {
        await using var lab = LabProcess.Start("--by-hand", "--rate", "100");
        var link = await lab.ReadAsync("page", s_limit);
        List<string> complaints = [];
        var page = await chromium.OpenLiveAsync(link, complaints);

        // Balanced.
        await HeadlineAsync(page, "All 3 pods answer");
        page.Url.ShouldNotContain("#"); // the token is hidden

        // One pod is left: the others lack successes, then there are 503s, then the mechanism is named.
        var watch = Stopwatch.StartNew();
        await page.ClickAsync("button[data-target='load-test-policy.yaml']");
        await HeadlineAsync(page, "1 of 3 pods answers");
        TestContext.Current.TestOutputHelper?.WriteLine($"deficit after {watch.Elapsed.TotalSeconds:0.0} s");
        await FactAsync(page, "Failing", "end in 503");
        await FactAsync(page, "At hop", "upstream connection of the egress proxy on cluster-worker3");
        await FactAsync(page, "After", "load-test-policy.yaml was applied");
        await FactAsync(page, "Certainty", "wrong in at most 1 of 10,000 runs");
        await page.Locator("#verdict-brief", new PageLocatorOptions { HasTextString = "skewed · two-sided-l7" })
            .WaitForAsync(new LocatorWaitForOptions { Timeout = s_patience });
        await page.Locator(
                ".flag:visible",
                new PageLocatorOptions { HasTextString = "load-test-policy.yaml was applied" }
            )
            .WaitForAsync(new LocatorWaitForOptions { Timeout = s_patience });
        foreach (var (width, height) in ((int, int)[])[(1440, 900), (1280, 800), (390, 844)])
        {
            foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
                await LookAsync(page, width, height, scheme);
        }
        await LayoutHoldsAsync(page);
        await page.ClickAsync("#tab-responses");
        await page.Locator("#readout", new PageLocatorOptions { HasTextString = "503 " })
            .WaitForAsync(new LocatorWaitForOptions { Timeout = s_patience });

        // All answer again; that the load is even takes more requests.
        await page.ClickAsync("#facts .try");
        await HeadlineAsync(page, "All 3 pods answer again; undecided whether evenly");
        await FactAsync(page, "After", "load-test-policy.yaml was deleted");

        // At the end every count agrees, and there is a report.
        await page.ClickAsync("#stop");
        await page.ClickAsync("#reports summary");
        await page.Locator("#report-list a").First.WaitForAsync(new LocatorWaitForOptions { Timeout = s_patience });
        await page.Locator("#agreement-note", new PageLocatorOptions { HasTextString = "agree exactly" })
            .WaitForAsync(new LocatorWaitForOptions { Timeout = s_patience });
        complaints.ShouldBeEmpty();
        await page.CloseAsync();
    }

    private static async Task LookAsync(IPage page, int width, int height, ColorScheme scheme)
    {
        await page.SetViewportSizeAsync(width, height);
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
        var folder = Directory
            .CreateDirectory(Path.Combine(AppContext.BaseDirectory, "TestResults", "live-page"))
            .FullName;
        var picture = await page.ScreenshotAsync(
            new PageScreenshotOptions { Path = Path.Combine(folder, $"{width}x{height}-{scheme}.png") }
        );
        TestContext.Current.AddAttachment($"{width}x{height}-{scheme}", picture, "image/png");

        var seen = await page.EvaluateAsync<string>(InFirstViewport);
        foreach (
            var words in (string[])
                [
                    "1 of 3 pods answers",
                    "requests/s end in 503",
                    "since ",
                    "after load-test-policy.yaml was applied",
                    "HTTP rules on both sides",
                    "remove the HTTP rules of one side",
                    "wrong in at most 1 of 10,000 runs",
                    "worker3 ← client",
                    "0 % of 33 %",
                    " s load-test-policy.yaml was applied",
                    "now ",
                ]
        )
            seen.ShouldContain(words, customMessage: $"{width}x{height} {scheme}");
        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width);

        (await page.EvaluateAsync<string[]>(BrokenNames)).ShouldBeEmpty($"{width}x{height} {scheme}");

        // Each width and each scheme once: a finding depends on one of them only, and axe is slow.
        if ((width > 1000) == (scheme is ColorScheme.Dark))
            return;
        if (!await page.EvaluateAsync<bool>("'axe' in window"))
            await page.AddScriptTagAsync(
                new PageAddScriptTagOptions { Path = Path.Combine(AppContext.BaseDirectory, "lib", "axe.min.js") }
            );
        var violations = await page.EvaluateAsync<JsonElement>(
            """
            async () => (await axe.run()).violations
              .filter(v => ['serious', 'critical'].includes(v.impact))
              .map(v => `${v.id}: ${v.nodes.map(n => n.html).slice(0, 3).join(' ')}`)
            """
        );
        violations.EnumerateArray().Select(v => v.GetString()).ShouldBeEmpty($"{width}x{height} {scheme}");
    }

    /// <summary>No width makes the page scroll sideways, with every detail and the YAML open.</summary>
    private static async Task LayoutHoldsAsync(IPage page)
    {
        await page.EvaluateAsync("document.querySelectorAll('#details > details').forEach(d => d.open = true)");
        foreach (var width in (int[])[320, 390, 641, 768, 1001, 1280, 1501, 1920, 2560])
        {
            await page.SetViewportSizeAsync(width, 900);
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width);
        }
        await page.ClickAsync("[data-yaml='load-test-policy.yaml']");
        (await page.Locator("#drawer-yaml").InnerTextAsync()).ShouldContain("kind: CiliumNetworkPolicy");
        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(2560);
        await page.Keyboard.PressAsync("Escape");
        await page.Locator("#drawer")
            .WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Hidden, Timeout = s_patience });
        // Folded again: the tests that follow see the page as a reader does.
        await page.EvaluateAsync("document.querySelectorAll('#details > details').forEach(d => d.open = false)");
    }

    private static Task HeadlineAsync(IPage page, string text) =>
        page.Locator("#headline", new PageLocatorOptions { HasTextString = text })
            .WaitForAsync(new LocatorWaitForOptions { Timeout = s_patience });

    private static Task FactAsync(IPage page, string name, string text) =>
        page.Locator($"#situation [data-fact='{name}']", new PageLocatorOptions { HasTextString = text })
            .WaitForAsync(new LocatorWaitForOptions { Timeout = s_patience });
}
