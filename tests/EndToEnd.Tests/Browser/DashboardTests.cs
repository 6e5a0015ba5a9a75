using Microsoft.Playwright;

namespace CiliumDebugging.EndToEnd.Tests.Browser;

/// <summary>The Aspire dashboard of a running lab, as its link shows it, without a click.</summary>
[Collection(LabsOfTheirOwn.Name)]
public sealed class DashboardTests(Chromium chromium)
{
    private const float Patience = 120_000;
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task The_resources_table_shows_the_skew_the_traces_the_503s_and_the_metrics_each_pod()
    {
        await using var lab = LabProcess.Start("--by-hand");
        var dashboard = new Uri(await lab.ReadAsync("dashboard", s_limit));
        await lab.WaitForLineAsync("› manual", s_limit);
        List<string> complaints = [];
        var page = await chromium.OpenLiveAsync(dashboard.AbsoluteUri, complaints);
        await page.SetViewportSizeAsync(1920, 900);

        // The policy is applied from the dashboard itself.
        await page.Locator("fluent-button[title^='Applies load-test-policy.yaml']")
            .First.ClickAsync(new LocatorClickOptions { Timeout = Patience });

        // Without a click: the headline, three shares with their rates, states in words, one message.
        foreach (
            var text in (string[])["1 of 3 pods answers", "Skewed", "██████████ 100 %", "Running, receives nothing"]
        )
            await page.GetByText(text).First.WaitForAsync(new LocatorWaitForOptions { Timeout = Patience });
        await page.WaitForFunctionAsync(
            """
            () => [...document.querySelectorAll('a')]
              .filter(a => /^[█░]{10} \d+ % \d+\.\d\/s/.test(a.innerText.trim())).length === 3
            """,
            null,
            new PageWaitForFunctionOptions { Timeout = Patience }
        );
        await AttachAsync(page, "resources");

        // Traces: one for each request, named after method and Service; the 503s are red.
        await page.GotoAsync(
            new Uri(dashboard, "/traces").AbsoluteUri,
            new PageGotoOptions { WaitUntil = WaitUntilState.DOMContentLoaded }
        );
        await page.GetByText("POST backend-1").First.WaitForAsync(new LocatorWaitForOptions { Timeout = Patience });
        var names = await page.Locator("tr.fluent-data-grid-row").AllInnerTextsAsync();
        names.ShouldNotContain(n =>
            n.Contains("/metrics", StringComparison.Ordinal) || n.Contains("/health", StringComparison.Ordinal)
        );
        // The spans of a failed request carry a sign, its row is red.
        await page.Locator("tr.fluent-data-grid-row", new PageLocatorOptions { HasText = "POST backend-1" })
            .Locator(".trace-tag svg")
            .First.WaitForAsync(new LocatorWaitForOptions { Timeout = Patience });
        await AttachAsync(page, "traces");

        // Metrics: share, rate and failures of each Pod, under the distribution and under its workload.
        foreach (var resource in (string[])["distribution", "backend-1"])
        {
            await page.GotoAsync(
                new Uri(
                    dashboard,
                    $"/metrics/resource/{resource}?meter=LoadTest.Pods&instrument=loadtest.pod.share"
                ).AbsoluteUri,
                new PageGotoOptions { WaitUntil = WaitUntilState.DOMContentLoaded }
            );
            foreach (
                var gauge in (string[])
                    ["loadtest.pod.share", "loadtest.pod.successes.rate", "loadtest.pod.failures.rate"]
            )
                await page.GetByText(gauge).First.WaitForAsync(new LocatorWaitForOptions { Timeout = Patience });
        }
        await AttachAsync(page, "metrics");
        await page.CloseAsync();
    }

    private static async Task AttachAsync(IPage page, string name)
    {
        var picture = await page.ScreenshotAsync();
        TestContext.Current.AddAttachment(name, picture, "image/png");
    }
}
