using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Storage;

namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

/// <summary>Streams the changes of a kind, one JSON object a line.</summary>
internal sealed class WatchEndpoint(
    ApiServerOptions options,
    ObjectStore store,
    ILogger logger,
    CancellationToken stopping
)
{
    private static readonly TimeSpan s_timeoutDefault = TimeSpan.FromMinutes(30);

    /// <summary>
    /// Least time between two flushes of a watch: with 200 watchers and 500 writes a second it saves four of five
    /// system calls.
    /// </summary>
    private static readonly TimeSpan s_gatherTime = TimeSpan.FromMilliseconds(10);

    private const int MaxTimeoutSeconds = 24 * 60 * 60;

    public async Task HandleAsync(HttpContext context, RequestTarget target)
    {
        var query = context.Request.Query;
        var (selection, badSelector) = ListQuery.Selection(query, target);
        var (request, badRequest) = WatchRequest.Parse(query);
        if ((badSelector ?? badRequest) is { } bad)
        {
            await context.WriteAsync(bad);
            return;
        }
        var (watcher, failure) = store.Watch(target.Kind, selection, request!.SendsInitial ? null : request.After);
        if (failure is { Code: not 410 })
        {
            await context.WriteAsync(failure);
            return;
        }
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-cache, private";
        var stream = new WatchStream(context.Response.BodyWriter, target.Kind, () =>
            Table.For(context, target.Kind, options.Time)
        );
        if (failure is not null)
        {
            stream.Error(failure);
            await stream.FlushAsync(context.RequestAborted);
            return;
        }
        // The headers must go out before the first event, or the client waits for them.
        await context.Response.StartAsync(context.RequestAborted);
        await stream.FlushAsync(context.RequestAborted);
        using var timeout = new CancellationTokenSource(request.Timeout ?? s_timeoutDefault, options.Time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(
            timeout.Token,
            stopping,
            context.RequestAborted
        );
        await StreamAsync(watcher!, stream, request, target.Kind, ended.Token, context.RequestAborted);
    }

    private async Task StreamAsync(
        Watcher watcher,
        WatchStream stream,
        WatchRequest request,
        ResourceKind kind,
        CancellationToken ended,
        CancellationToken aborted
    )
    {
        var events = new List<WatchEvent>();
        if (request.SendsInitial)
        {
            watcher.TakeInitial(events);
            stream.Events(events);
            if (request.Bookmarks)
                stream.Bookmark(watcher.ResourceVersion, endsInitialEvents: request.MarksInitialEnd);
            await stream.FlushAsync(aborted);
        }
        while (!ended.IsCancellationRequested)
        {
            using var pause = new CancellationTokenSource(options.BookmarkInterval, options.Time);
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(ended, pause.Token);
            try
            {
                while (await DeliverAsync(watcher, stream, events, wait.Token, aborted)) { }

                logger.WatchTooSlow(kind.Plural);
                stream.Error(Watcher.TooSlow);
                await stream.FlushAsync(aborted);
                return;
            }
            catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
            {
                if (request.Bookmarks)
                    stream.Bookmark(watcher.ResourceVersion);
                await stream.FlushAsync(aborted);
            }
        }
    }

    /// <summary>Sends what has happened; false when events were lost.</summary>
    private async ValueTask<bool> DeliverAsync(
        Watcher watcher,
        WatchStream stream,
        List<WatchEvent> events,
        CancellationToken wait,
        CancellationToken aborted
    )
    {
        events.Clear();
        if (!await watcher.ReadAsync(events, wait))
            return false;
        stream.Events(events);
        await stream.FlushAsync(aborted);

        // The first event after a quiet time goes out at once; in a storm the next ones travel together.
        await Task.Delay(s_gatherTime, options.Time, wait);
        return true;
    }

    /// <summary>What a watch asks for.</summary>
    private sealed record WatchRequest(
        long? After,
        bool SendsInitial,
        bool MarksInitialEnd,
        bool Bookmarks,
        TimeSpan? Timeout
    )
    {
        public static Outcome<WatchRequest> Parse(IQueryCollection query)
        {
            if (ListQuery.Version(query["resourceVersion"].ToString()) is not { } version)
                return ListQuery.BadVersion;
            var match = query["resourceVersionMatch"].ToString();
            var sendInitial = query["sendInitialEvents"].ToString();
            if (sendInitial is not ("" or "true" or "false" or "1" or "0"))
                return ApiStatus.BadRequest("sendInitialEvents must be true or false");
            if (sendInitial.Length > 0 && match != "NotOlderThan")
                return ApiStatus.BadRequest(
                    "resourceVersionMatch: Invalid value: sendInitialEvents requires setting resourceVersionMatch to "
                        + "NotOlderThan"
                );
            if (sendInitial.Length == 0 && match.Length > 0)
                return ApiStatus.BadRequest(
                    "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless "
                        + "sendInitialEvents is provided"
                );
            var (text, seconds) = (query["timeoutSeconds"].ToString(), 0);
            if (text.Length > 0 && (!int.TryParse(text, out seconds) || seconds < 0))
                return ApiStatus.BadRequest("timeoutSeconds must be a number of seconds");
            var all = sendInitial is "true" or "1" || (version == 0 && sendInitial.Length == 0);
            return new WatchRequest(
                version == 0 ? null : version,
                all,
                sendInitial is "true" or "1",
                query["allowWatchBookmarks"].ToString() is "true" or "1",
                seconds == 0 ? null : TimeSpan.FromSeconds(Math.Min(seconds, MaxTimeoutSeconds))
            );
        }
    }
}

/// <summary>The lines of a watch.</summary>
internal sealed class WatchStream(PipeWriter body, ResourceKind kind, Func<Table?> table)
{
    public void Events(IReadOnlyList<WatchEvent> events)
    {
        var rows = table();
        foreach (var (type, o) in events)
        {
            if (rows is not null)
            {
                Line(type.ToString().ToUpperInvariant(), rows.Of(o));
                continue;
            }
            body.Write(
                type switch
                {
                    WatchEventType.Added => "{\"type\":\"ADDED\",\"object\":"u8,
                    WatchEventType.Modified => "{\"type\":\"MODIFIED\",\"object\":"u8,
                    _ => "{\"type\":\"DELETED\",\"object\":"u8,
                }
            );
            body.Write(o.Json.Span);
            body.Write("}\n"u8);
        }
    }

    public void Bookmark(long resourceVersion, bool endsInitialEvents = false)
    {
        var metadata = new JsonObject { ["resourceVersion"] = $"{resourceVersion}", ["creationTimestamp"] = null };
        if (endsInitialEvents)
            metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
        Line("BOOKMARK", Json.Object(("kind", kind.Kind), ("apiVersion", kind.ApiVersion), ("metadata", metadata)));
    }

    public void Error(ApiStatus status) => Line("ERROR", status.ToJson());

    public ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken) => body.FlushAsync(cancellationToken);

    private void Line(string type, JsonObject o)
    {
        var line = new JsonObject { ["type"] = type, ["object"] = o };
        body.Write(JsonSerializer.SerializeToUtf8Bytes(line, JsonTree.Compact));
        body.Write("\n"u8);
    }
}
