using System.Text.Json;
using CiliumDebugging.Measurement.Reports;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Testing;
using Microsoft.Playwright;

namespace CiliumDebugging.EndToEnd.Tests.Browser;

/// <summary>report.html as a reader sees it.</summary>
public sealed class ReportPageTests(Chromium chromium) : IDisposable
{
    /// <summary>Reads a chart's lines back: from the drawn points, with the axis' own labels as the scale.</summary>
    private const string ReadChart = """
        id => {
          const svg = [...document.querySelectorAll(`#${id} figure > svg`)].find(s => s.getBoundingClientRect().width > 0);
          const ticks = [...svg.querySelectorAll('.ytick')].map(t => ({ y: +t.getAttribute('y') - 4, value: +t.textContent }));
          const scale = (ticks.at(-1).value - ticks[0].value) / (ticks.at(-1).y - ticks[0].y);
          return [...svg.querySelectorAll('polyline')].map(line => {
            const values = line.getAttribute('points').split(' ').map(p => ticks[0].value + (+p.split(',')[1] - ticks[0].y) * scale);
            return { pod: line.dataset.pod, status: +line.dataset.status, early: values[10], last: values.at(-1), drawn: line.getBoundingClientRect().width };
          });
        }
        """;

    /// <summary>WCAG contrast of texts and lines with the page behind them.</summary>
    private const string ReadContrast = """
        () => {
          const light = c => { const [r, g, b] = c.match(/[\d.]+/g).slice(0, 3).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
          const page = getComputedStyle(document.body).backgroundColor;
          const of = (selector, property) => [...document.querySelectorAll(selector)].map(e => contrast(getComputedStyle(e)[property], page));
          return { text: Math.min(...of('p, li, td, th, dt, dd, a, h1, h2', 'color')), series: Math.min(...of('svg .series, svg .edge', 'stroke')), page };
        }
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("page-");

    public void Dispose() => _folder.Delete(recursive: true);

    private string Page() =>
        Path.Combine(ReportFiles.Write(DocumentOf.Run(SampleRun.Create()), _folder.FullName), ReportFiles.Html);

    [Theory]
    [InlineData(1280)]
    [InlineData(390)]
    public async Task The_charts_show_the_numbers_of_the_original_report_and_no_request_leaves_the_page(int width)
    {
        List<string> requests = [];
        var file = Page();
        var page = await chromium.OpenAsync(file, width, ColorScheme.Light, requests);

        var echo = await Lines(page, "echo");
        echo.ShouldAllBe(l => Math.Abs(l.Early - 17) < 0.3 && l.Drawn > 200);
        echo.Select(l => Math.Round(l.Last)).ShouldBe([0, 0, 17]);
        (await Lines(page, "hubble-requests")).Select(l => Math.Round(l.Last)).ShouldBe([17, 17, 34]);
        (await Lines(page, "hubble-responses"))
            .Select(l => (l.Status, Math.Round(l.Last)))
            .ShouldBe([(200, 0), (503, 17), (200, 0), (503, 17), (200, 34)]);
        (await page.Locator("#hubble-requests .legend").InnerTextAsync()).ShouldContain(
            "on cluster-worker3 (the client's node): 34.0/s at the end"
        );
        requests.ShouldBe([new Uri(file).AbsoluteUri]);
        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width);
        await page.CloseAsync();
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Texts_and_lines_can_be_told_from_the_page_in_light_and_dark(ColorScheme scheme)
    {
        var page = await chromium.OpenAsync(Page(), 1280, scheme, []);

        var contrast = (await page.EvaluateAsync(ReadContrast))!.Value;
        contrast.GetProperty("text").GetDouble().ShouldBeGreaterThanOrEqualTo(4.5);
        contrast.GetProperty("series").GetDouble().ShouldBeGreaterThanOrEqualTo(3);
        contrast
            .GetProperty("page")
            .GetString()
            .ShouldBe(scheme is ColorScheme.Dark ? "rgb(18, 22, 29)" : "rgb(255, 255, 255)");
        await page.CloseAsync();
    }

    [Fact]
    public async Task Events_and_edges_are_marked_and_it_prints_on_white()
    {
        var page = await chromium.OpenAsync(Page(), 1280, ColorScheme.Dark, []);

        (await page.Locator("#echo svg.wide .eventname").First.TextContentAsync()).ShouldStartWith(
            "1: load-test-policy.yaml was applied"
        );
        (await page.Locator(".phase").Nth(1).Locator("svg.wide .edge.fail").CountAsync()).ShouldBe(2);
        (await page.Locator(".phase").Nth(1).Locator("svg.wide text.fail").AllTextContentsAsync()).ShouldBe([
            "17.0 failed/s",
            "17.0 failed/s",
        ]);
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });
        (await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor")).ShouldBe(
            "rgb(255, 255, 255)"
        );
        await page.CloseAsync();
    }

    private static async Task<List<(int Status, double Early, double Last, double Drawn)>> Lines(
        IPage page,
        string chart
    ) =>
        [
            .. (await page.EvaluateAsync<JsonElement>(ReadChart, chart))
                .EnumerateArray()
                .Select(l =>
                    (
                        l.GetProperty("status").GetInt32(),
                        l.TryGetProperty("early", out var early) && early.ValueKind is JsonValueKind.Number
                            ? early.GetDouble()
                            : 0,
                        l.GetProperty("last").GetDouble(),
                        l.GetProperty("drawn").GetDouble()
                    )
                ),
        ];
}
