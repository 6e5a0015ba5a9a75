using System.Net;
using CiliumDebugging.Lab.Page;

namespace CiliumDebugging.Lab.Tests.Page;

public sealed class MetricsServerTests
{
    [Fact]
    public async Task It_serves_the_quantities_and_nothing_of_the_page()
    {
        var feed = new LiveState(TimeProvider.System);
        await using var server = await MetricsServer.StartAsync(feed, 0, TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}/") };

        var text = await client.GetStringAsync(
            new Uri("metrics", UriKind.Relative),
            TestContext.Current.CancellationToken
        );

        text.ShouldContain($"# TYPE {RunMetrics.PrometheusResponses} counter");
        feed.IsWatched.ShouldBeTrue();
        foreach (var path in (string[])["", "events", "commands", "index.html"])
            (
                await client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken)
            ).StatusCode.ShouldBe(HttpStatusCode.NotFound, path);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        var feed = new LiveState(TimeProvider.System);
        await using var first = await MetricsServer.StartAsync(feed, 0, TestContext.Current.CancellationToken);

        var refused = await Should.ThrowAsync<IOException>(() =>
            MetricsServer.StartAsync(feed, first.Port, TestContext.Current.CancellationToken)
        );

        refused.Message.ShouldContain($"port {first.Port}");
    }
}
