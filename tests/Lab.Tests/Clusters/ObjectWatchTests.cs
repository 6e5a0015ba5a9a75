using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using CiliumDebugging.Lab.Clusters;
using k8s;

namespace CiliumDebugging.Lab.Tests.Clusters;

/// <summary>A watch of a server that breaks off, refuses and forgets. The server is the test's.</summary>
public sealed class ObjectWatchTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);
    private readonly ConcurrentQueue<string> _seen = new();
    private int _lists;

    [Fact]
    public async Task It_lists_again_when_the_watch_ends_or_the_server_was_away_and_reports_what_changed()
    {
        using var stop = new CancellationTokenSource();
        var watch = new ObjectWatch<string>(
            ListAsync,
            WatchAsync,
            items => Seen($"all {string.Join(',', items)}"),
            (type, item) => Seen($"{type} {item}"),
            refusal => _seen.Enqueue(refusal.Message),
            TimeProvider.System
        );

        var running = watch.RunAsync(stop.Token);
        await UntilAsync(() => _seen.Contains("Deleted z"));
        await stop.CancelAsync();
        await running;

        _seen.Take(4).ShouldBe(["all a", "Added b", "all a,b", "Deleted z"]);
    }

    private Task<(IList<string>, string)> ListAsync(CancellationToken cancellationToken) =>
        ++_lists switch
        {
            1 => Task.FromResult<(IList<string>, string)>((["a"], "1")),
            2 => throw new HttpRequestException("away"),
            _ => Task.FromResult<(IList<string>, string)>((["a", "b"], "2")),
        };

    private static async IAsyncEnumerable<(WatchEventType, string)> WatchAsync(
        string version,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        if (version == "1")
        {
            yield return (WatchEventType.Added, "b");
            yield return (WatchEventType.Error, "gone");
            yield return (WatchEventType.Added, "never seen: the version is forgotten");
        }
        else
        {
            yield return (WatchEventType.Deleted, "z");
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }

    private ValueTask Seen(string what)
    {
        _seen.Enqueue(what);
        return ValueTask.CompletedTask;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(s_limit);
        while (!condition())
            await Task.Delay(10, deadline.Token);
    }
}
