using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Measurement.Reports;
using CiliumDebugging.Measurement.Reports.Document;
using CiliumDebugging.Measurement.Tests.Diagnosis;
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

    public static TheoryData<string> Scenarios => [.. ScenarioCatalog.Names];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task A_report_is_printed_on_two_pages_and_its_Markdown_is_one_screen(string scenario)
    {
        var folder = ReportFiles.Write(
            DocumentOf.Run(ScenarioReports.Of(ScenarioCatalog.Load(scenario))),
            _folder.FullName
        );
        var page = await chromium.OpenAsync(Path.Combine(folder, ReportFiles.Html), 1280, ColorScheme.Light, []);

        foreach (var paper in (string[])["A4", "Letter"])
        {
            var pdf = await page.PdfAsync(new PagePdfOptions { Format = paper, PrintBackground = true });
            if (Environment.GetEnvironmentVariable("REPORT_PICTURES") is { Length: > 0 } pictures)
                await File.WriteAllBytesAsync(
                    Path.Combine(pictures, $"{scenario}-{paper}.pdf"),
                    pdf,
                    TestContext.Current.CancellationToken
                );
            Regex.Count(Encoding.Latin1.GetString(pdf), @"/Type\s*/Page\b").ShouldBeInRange(1, 2, paper);
        }
        // What a printer cannot scroll must not be wider than the paper's text: 182 mm at 96 dots per inch.
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });
        await page.SetViewportSizeAsync(688, 900);
        await page.EvaluateAsync("document.querySelectorAll('details').forEach(d => d.open = true)");
        (
            await page.EvaluateAsync<string[]>(
                "[...document.querySelectorAll('table, svg, p, dl')]"
                    + ".filter(e => e.getBoundingClientRect().right > 689).map(e => e.outerHTML.slice(0, 200))"
            )
        ).ShouldBeEmpty();

        var markdown = await File.ReadAllTextAsync(
            Path.Combine(folder, ReportFiles.Markdown),
            TestContext.Current.CancellationToken
        );
        // Without what is folded.
        Regex
            .Replace(markdown, "<details>.*?</details>", "", RegexOptions.Singleline)
            .Split('\n')
            .Count(line => line.Length > 0)
            .ShouldBeLessThanOrEqualTo(40);
        await page.CloseAsync();
    }

    [Theory]
    [InlineData(1280)]
    [InlineData(390)]
    public async Task The_charts_show_the_numbers_of_the_original_report_and_no_request_leaves_the_page(int width)
    {
        List<string> requests = [];
        var file = Page();
        var page = await chromium.OpenAsync(file, width, ColorScheme.Light, requests);

        await page.EvaluateAsync("document.querySelectorAll('details').forEach(d => d.open = true)");
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
        (await page.Locator("#path svg.wide .edge.fail").CountAsync()).ShouldBe(2);
        (await page.Locator("#path svg.wide text.fail").AllTextContentsAsync()).ShouldBe([
            "17.0 failed/s",
            "17.0 failed/s",
        ]);
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });
        var pdf = System.Text.Encoding.Latin1.GetString(await page.PdfAsync(new PagePdfOptions { Format = "A4" }));
        System.Text.RegularExpressions.Regex.Count(pdf, @"/Type\s*/Page\b").ShouldBeLessThanOrEqualTo(2);
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
