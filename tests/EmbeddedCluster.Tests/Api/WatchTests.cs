using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Storage;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EmbeddedCluster.Tests.Api;

public sealed class WatchTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_watcher_sees_every_event_once_and_in_order_under_concurrent_writers()
    {
        const int Watchers = 40,
            Writers = 4,
            WritesEach = 500;
        await using var api = await ApiFixture.StartAsync();
        var from = api.Store.ResourceVersion;
        var started = new CountdownEvent(Watchers);
        var watching = Enumerable
            .Range(0, Watchers)
            .Select(_ => Task.Run(() => VersionsAsync(api, from, Writers * WritesEach, started), Cancel))
            .ToList();
        started.Wait(Cancel);
        var written = await Task.WhenAll(
            Enumerable
                .Range(0, Writers)
                .Select(w =>
                    Task.Run(
                        async () =>
                        {
                            var versions = new List<long>();
                            for (var i = 0; i < WritesEach; i++)
                            {
                                // Create, change, delete in turn, so that all event types occur.
                                var name = $"w{w}-{i / 3}";
                                versions.Add(
                                    (i % 3) switch
                                    {
                                        0 => api
                                            .Store.Create(
                                                ResourceKinds.ConfigMaps,
                                                "default",
                                                ApiFixture.ConfigMap(name)
                                            )
                                            .OrThrow()
                                            .ResourceVersion,
                                        1 => api
                                            .Store.Update(
                                                ResourceKinds.ConfigMaps,
                                                "default",
                                                name,
                                                ApiFixture.ConfigMap(name, "changed")
                                            )
                                            .OrThrow()
                                            .ResourceVersion,
                                        _ => Delete(api, name),
                                    }
                                );
                                if (i % 50 == 0)
                                    await Task.Yield();
                            }
                            return versions;
                        },
                        Cancel
                    )
                )
        );
        var expected = written.SelectMany(v => v).Order().ToList();
        foreach (var seen in await Task.WhenAll(watching).WaitAsync(TimeSpan.FromSeconds(60), Cancel))
            seen.ShouldBe(expected);
    }

    [Fact]
    public async Task A_watch_older_than_the_history_and_one_too_slow_are_told_410()
    {
        await using var api = await ApiFixture.StartAsync(limits: new ObjectStoreLimits { MaxHistoryChanges = 16 });
        var slow = api.Store.Watch(ResourceKinds.ConfigMaps, after: api.Store.ResourceVersion).OrThrow();
        for (var i = 0; i < 40; i++)
            api.Store.Create(ResourceKinds.ConfigMaps, "default", ApiFixture.ConfigMap($"c{i}")).OrThrow();
        (await slow.ReadAsync([], Cancel)).ShouldBeFalse();
        api.Store.Watch(ResourceKinds.ConfigMaps, after: 1).Failure!.Code.ShouldBe(410);
        var line = await FirstLineAsync(api, "/api/v1/configmaps?watch=1&resourceVersion=1");
        line["type"]!.GetValue<string>().ShouldBe("ERROR");
        line["object"]!["code"]!.GetValue<int>().ShouldBe(410);
    }

    [Fact]
    public async Task An_object_that_leaves_the_selection_is_deleted_to_the_watcher_and_added_when_it_returns()
    {
        var store = new ObjectStore(TimeProvider.System);
        var watcher = store
            .Watch(
                ResourceKinds.ConfigMaps,
                Selection.Parse(ResourceKinds.ConfigMaps, "default", "a=1", null).OrThrow(),
                store.ResourceVersion
            )
            .OrThrow();
        JsonObject Labelled(string value) =>
            ApiFixture.Object(
                """{"metadata":{"name":"c","labels":{"a":"VALUE"}}}""".Replace("VALUE", value, StringComparison.Ordinal)
            );
        store.Create(ResourceKinds.ConfigMaps, "default", Labelled("1")).OrThrow();
        store.Update(ResourceKinds.ConfigMaps, "default", "c", Labelled("2")).OrThrow();
        store.Update(ResourceKinds.ConfigMaps, "default", "c", Labelled("3")).OrThrow();
        store.Update(ResourceKinds.ConfigMaps, "default", "c", Labelled("1")).OrThrow();
        var events = new List<WatchEvent>();
        await watcher.ReadAsync(events, Cancel);
        events.Select(e => e.Type).ShouldBe([WatchEventType.Added, WatchEventType.Deleted, WatchEventType.Added]);
    }

    [Fact]
    public async Task Initial_events_end_with_a_marked_bookmark()
    {
        await using var api = await ApiFixture.StartAsync();
        using var response = await api.Http.GetAsync(
            "/api/v1/namespaces?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
                + "&allowWatchBookmarks=true&timeoutSeconds=1",
            Cancel
        );
        var lines = (await response.Content.ReadAsStringAsync(Cancel))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => JsonNode.Parse(l)!)
            .ToList();
        lines
            .Select(l => l["type"]!.GetValue<string>())
            .ShouldBe(["ADDED", "ADDED", "ADDED", "ADDED", "BOOKMARK", "BOOKMARK"]);
        lines[4]["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"]!
            .GetValue<string>()
            .ShouldBe("true");
    }

    [Fact]
    public async Task Paged_lists_show_one_version_while_others_write()
    {
        await using var api = await ApiFixture.StartAsync();
        for (var i = 0; i < 10; i++)
            api.Store.Create(ResourceKinds.ConfigMaps, "default", ApiFixture.ConfigMap($"c{i}")).OrThrow();
        var names = new List<string>();
        var token = "";
        do
        {
            var (code, page) = await api.SendAsync(
                "GET",
                $"/api/v1/configmaps?limit=3&continue={Uri.EscapeDataString(token)}"
            );
            code.ShouldBe(200);
            names.AddRange(page!["items"]!.AsArray().Select(i => i!["metadata"]!["name"]!.GetValue<string>()));
            token = page["metadata"]!["continue"]?.GetValue<string>() ?? "";
            // Behind and ahead of the cursor: neither may show.
            api.Store.Delete(ResourceKinds.ConfigMaps, "default", $"c{10 - names.Count / 3}");
            api.Store.Create(ResourceKinds.ConfigMaps, "default", ApiFixture.ConfigMap($"c{names.Count}x")).OrThrow();
        } while (token.Length > 0);
        names.ShouldBe(Enumerable.Range(0, 10).Select(i => $"c{i}"));
    }

    [Fact]
    public async Task The_server_stops_within_a_second_with_watches_open()
    {
        var api = await ApiFixture.StartAsync();
        var started = new CountdownEvent(20);
        var watching = Enumerable
            .Range(0, 20)
            .Select(_ => Task.Run(() => VersionsAsync(api, api.Store.ResourceVersion, 1, started), Cancel))
            .ToList();
        started.Wait(Cancel);
        var clock = Stopwatch.StartNew();
        await api.Server.DisposeAsync();
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(1));
        await Task.WhenAll(watching.Select(async w => await w.ContinueWith(_ => { }, TaskScheduler.Default)))
            .WaitAsync(TimeSpan.FromSeconds(5), Cancel);
        await api.DisposeAsync();
    }

    private static long Delete(ApiFixture api, string name) =>
        api.Store.Delete(ResourceKinds.ConfigMaps, "default", name).OrThrow().ResourceVersion;

    private static async Task<List<long>> VersionsAsync(ApiFixture api, long after, int count, CountdownEvent started)
    {
        using var response = await api.Http.GetAsync(
            $"/api/v1/namespaces/default/configmaps?watch=true&resourceVersion={after}",
            HttpCompletionOption.ResponseHeadersRead,
            Cancel
        );
        started.Signal();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
        var versions = new List<long>(count);
        while (versions.Count < count && await reader.ReadLineAsync(Cancel) is { } line)
            versions.Add(
                long.Parse(
                    JsonDocument
                        .Parse(line)
                        .RootElement.GetProperty("object")
                        .GetProperty("metadata")
                        .GetProperty("resourceVersion")
                        .GetString()!,
                    null
                )
            );
        return versions;
    }

    private static async Task<JsonNode> FirstLineAsync(ApiFixture api, string path)
    {
        using var response = await api.Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
        return JsonNode.Parse((await reader.ReadLineAsync(Cancel))!)!;
    }
}
