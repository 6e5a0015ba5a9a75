using System.Globalization;
using System.Text;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Storage;

namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

/// <summary>The log subresource of pods: plain text, one line each.</summary>
internal sealed class PodLogEndpoint(IPodLogs? logs, ObjectStore store, TimeProvider time, CancellationToken stopping)
{
    public async Task HandleAsync(HttpContext context, RequestTarget target)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            await context.WriteAsync(ApiStatus.MethodNotAllowed);
            return;
        }
        var query = context.Request.Query;
        var (tail, tailIsBad) = Number(query["tailLines"]);
        var (seconds, sinceIsBad) = Number(query["sinceSeconds"]);
        var (limit, limitIsBad) = Number(query["limitBytes"]);
        var previous = query["previous"].ToString() is "true" or "1";
        var (pod, failure) = store.Get(ResourceKinds.Pods, target.Namespace, target.Name!);
        failure ??= BadContainer(pod!, query["container"].ToString(), previous);
        if (logs is null)
            failure ??= ApiStatus.Unavailable("the output of pods is not kept");
        if (tailIsBad || sinceIsBad || limitIsBad || limit is 0)
            failure = ApiStatus.BadRequest(
                "tailLines and sinceSeconds must be numbers from 0 on, limitBytes a number from 1 on"
            );
        if (failure is not null)
        {
            await context.WriteAsync(failure);
            return;
        }
        context.Response.ContentType = "text/plain";
        var withTime = query["timestamps"].ToString() is "true" or "1";
        var since = seconds is { } s ? time.GetUtcNow().AddSeconds(-s) : DateTimeOffset.MinValue;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        await context.Response.StartAsync(ended.Token);
        var follow = query["follow"].ToString() is "true" or "1";
        await foreach (var line in logs!.ReadAsync(target.Namespace, target.Name!, tail, follow, previous, ended.Token))
        {
            if (line.Time < since)
                continue;
            var stamp = withTime
                ? line.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z '", CultureInfo.InvariantCulture)
                : "";
            var bytes = Encoding.UTF8.GetBytes(stamp + line.Text + "\n");
            var taken = Math.Min(bytes.Length, limit ?? int.MaxValue);
            await context.Response.BodyWriter.WriteAsync(bytes.AsMemory(0, taken), ended.Token);
            if ((limit -= taken) is 0)
                return;
        }
    }

    /// <summary>Why the container has no log to show; null: it may have one.</summary>
    private static ApiStatus? BadContainer(StoredObject pod, string container, bool previous)
    {
        var names = pod.View.Object("spec").Objects("containers").Select(c => c.Text("name") ?? "").ToList();
        if (container.Length > 0 && !names.Contains(container))
            return ApiStatus.BadRequest($"container {container} is not valid for pod {pod.Name}");
        var name = container.Length > 0 ? container : names.FirstOrDefault();
        var status = pod.View.Object("status").Objects("containerStatuses").FirstOrDefault(s => s.Text("name") == name);
        return previous && status?.NumberAt("restartCount") is 0
            ? ApiStatus.BadRequest($"previous terminated container \"{name}\" in pod \"{pod.Name}\" not found")
            : null;
    }

    private static (int? Value, bool IsBad) Number(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return (null, false);
        return int.TryParse(text, NumberStyles.None, null, out var n) ? (n, false) : (null, true);
    }
}
