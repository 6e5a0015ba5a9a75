using CiliumDebugging.EndToEnd.Tests.Browser;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace CiliumDebugging.EndToEnd.Tests.Browser;

/// <summary>
/// The distribution's Chromium, headless; one for all tests. Where there is none the tests are skipped.
/// </summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Executable = "/usr/bin/chromium";
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Executable))
            return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = Executable,
                Headless = true,
                Args = ["--no-sandbox"],
            }
        );
    }

    public async Task<IPage> OpenAsync(string file, int width, ColorScheme scheme, List<string> requests)
    {
        Assert.SkipWhen(_browser is null, $"{Executable} is missing: apt-get install chromium");
        var page = await _browser!.NewPageAsync(
            new BrowserNewPageOptions
            {
                ViewportSize = new ViewportSize { Width = width, Height = 900 },
                ColorScheme = scheme,
            }
        );
        page.Request += (_, request) => requests.Add(request.Url);
        // Load first: a page that is still being parsed has an idle network too.
        await page.GotoAsync(new Uri(file).AbsoluteUri, new PageGotoOptions { WaitUntil = WaitUntilState.Load });
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        return page;
    }

    /// <summary>Opens a live page, whose stream never ends.</summary>
    public async Task<IPage> OpenLiveAsync(string url, List<string> complaints)
    {
        Assert.SkipWhen(_browser is null, $"{Executable} is missing: apt-get install chromium");
        var page = await _browser!.NewPageAsync(
            new BrowserNewPageOptions
            {
                ViewportSize = new ViewportSize { Width = 1280, Height = 800 },
                BypassCSP = true,
            }
        );
        page.Console += (_, message) =>
        {
            if (message.Type is "error")
                complaints.Add(message.Text);
        };
        page.PageError += (_, error) => complaints.Add(error);
        await page.GotoAsync(url, new PageGotoOptions { WaitUntil = WaitUntilState.DOMContentLoaded });
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
