using System.Net;
using System.Text;
using CiliumDebugging.Lab.Page;

namespace CiliumDebugging.Lab.Tests.Page;

/// <summary>The page's server with real requests: access rules, and what a page receives.</summary>
public sealed class PageServerTests : IAsyncLifetime
{
    private readonly LiveState _feed = new(TimeProvider.System);
    private readonly Commands _commands = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false });
    private PageServer _server = null!;

    public async ValueTask InitializeAsync() =>
        _server = await PageServer.StartAsync(
            _feed,
            _commands,
            TimeProvider.System,
            null,
            TestContext.Current.CancellationToken
        );

    private string Token => _server.Link.Fragment[1..];

    private string Origin => _server.Address.GetLeftPart(UriPartial.Authority);

    [Fact]
    public async Task A_command_with_token_and_origin_is_carried_out()
    {
        var answer = await CommandAsync(Origin, Token);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        _commands.Given.ShouldBe([new PageCommand(PageAction.ApplyPolicy, "one.yaml")]);
    }

    [Fact]
    public async Task Streams_without_the_token_do_not_lock_the_owner_out()
    {
        var open = new List<HttpResponseMessage>();
        try
        {
            for (var i = 0; i < PageEvents.MaxPages - PageEvents.ReservedPages; i++)
                open.Add(await StreamAsync("events"));
            open.ShouldAllBe(o => o.StatusCode == HttpStatusCode.OK);

            using var other = await StreamAsync($"events?token={new string('0', 64)}");
            using var owner = await StreamAsync($"events?token={Token}");

            other.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            owner.StatusCode.ShouldBe(HttpStatusCode.OK);
        }
        finally
        {
            open.ForEach(o => o.Dispose());
        }

        Task<HttpResponseMessage> StreamAsync(string path) =>
            _client.GetAsync(
                new Uri(_server.Address, path),
                HttpCompletionOption.ResponseHeadersRead,
                TestContext.Current.CancellationToken
            );
    }

    [Theory]
    [InlineData("no token", HttpStatusCode.Forbidden)]
    [InlineData("another token", HttpStatusCode.Forbidden)]
    [InlineData("no origin", HttpStatusCode.Forbidden)]
    [InlineData("another origin", HttpStatusCode.Forbidden)]
    [InlineData("another site", HttpStatusCode.Forbidden)]
    [InlineData("another host", HttpStatusCode.MisdirectedRequest)]
    [InlineData("no JSON", HttpStatusCode.BadRequest)]
    [InlineData("no such action", HttpStatusCode.BadRequest)]
    [InlineData("too long", HttpStatusCode.RequestEntityTooLarge)]
    public async Task Anything_else_is_refused(string what, HttpStatusCode status)
    {
        var answer = await CommandAsync(
            what switch
            {
                "no origin" => null,
                "another origin" => "http://example.org",
                _ => Origin,
            },
            what switch
            {
                "no token" => null,
                "another token" => new string('0', 22),
                _ => Token,
            },
            what switch
            {
                "no JSON" => "apply",
                "no such action" => """{"action":"format-disk","target":""}""",
                "too long" => new string(' ', 5000),
                _ => null,
            },
            host: what == "another host" ? "rebound.example.org" : null,
            site: what == "another site" ? "cross-site" : null
        );

        answer.StatusCode.ShouldBe(
            status,
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
        );
        _commands.Given.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_command_that_cannot_be_carried_out_says_why()
    {
        _commands.Refusal = "the run is over";

        var answer = await CommandAsync(Origin, Token);

        answer.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe("the run is over");
    }

    [Theory]
    [InlineData("", "text/html")]
    [InlineData("js/main.js", "text/javascript")]
    [InlineData("lib/uPlot.iife.min.js", "text/javascript")]
    [InlineData("style.css", "text/css")]
    public async Task Files_have_their_type_and_a_strict_policy(string path, string type)
    {
        var answer = await _client.GetAsync(new Uri(_server.Address, path), TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe(type);
        answer
            .Headers.GetValues("Content-Security-Policy")
            .Single()
            .ShouldStartWith("default-src 'none'; script-src 'self'; style-src 'self'");
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("reports/../../etc/passwd")]
    [InlineData("reports/%2e%2e%2f%2e%2e/report.json")]
    [InlineData("reports/none/report.html")]
    [InlineData("nothing.js")]
    public async Task What_is_not_the_pages_is_not_served(string path) =>
        (
            await _client.GetAsync(new Uri(_server.Address, path), TestContext.Current.CancellationToken)
        ).StatusCode.ShouldBe(HttpStatusCode.NotFound);

    [Fact]
    public async Task A_page_gets_the_whole_and_then_what_changes()
    {
        using var lines = new StreamReader(
            await _client.GetStreamAsync(new Uri(_server.Address, "events"), TestContext.Current.CancellationToken)
        );
        await UntilAsync(lines, "event: lab");
        await UntilAsync(lines, "event: series");
        await UntilAsync(lines, "event: state");

        _feed.Begin("two-sided-l7", "a title", manual: false, 50);

        (await UntilAsync(lines, "data: ", "two-sided-l7")).ShouldContain("\"activity\":\"starting\"");
        _server.Pages.ShouldBe(1);
    }

    private static async Task<string> UntilAsync(StreamReader lines, params string[] parts)
    {
        while (
            await lines
                .ReadLineAsync(TestContext.Current.CancellationToken)
                .AsTask()
                .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)
                is { } line
        )
            if (parts.All(part => line.Contains(part, StringComparison.Ordinal)))
                return line;
        throw new InvalidOperationException("the stream ended");
    }

    private async Task<HttpResponseMessage> CommandAsync(
        string? origin,
        string? token,
        string? body = null,
        string? host = null,
        string? site = null
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_server.Address, "commands"))
        {
            Content = new StringContent(
                body ?? """{"action":"apply-policy","target":"one.yaml"}""",
                Encoding.UTF8,
                "application/json"
            ),
        };
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        if (token is not null)
            request.Headers.Add("X-Page-Token", token);
        if (site is not null)
            request.Headers.Add("Sec-Fetch-Site", site);
        if (host is not null)
            request.Headers.Host = host;
        return await _client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    private sealed class Commands : IPageCommands
    {
        public List<PageCommand> Given { get; } = [];

        public string? Refusal { get; set; }

        public Task<string> RunAsync(PageCommand command, CancellationToken cancellationToken)
        {
            if (Refusal is { } why)
                throw new CommandRefusedException(why);
            Given.Add(command);
            return Task.FromResult("done");
        }
    }
}
