using System.Text;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.Extensions.Logging;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>
/// The log of a Pod as the console log of its row, by the pod log API, while the Pod exists.
/// </summary>
internal sealed class PodLog(k8s.Kubernetes api, V1Pod pod, ILogger log, TimeProvider time)
{
    /// <summary>A longer line is cut into several.</summary>
    private const int MaxLineLength = 16 * 1024;

    /// <summary>Lines from before that are read.</summary>
    private const int EarlierLines = 1000;

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <summary>Follows the log until it is cancelled or the Pod is deleted.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        int? sinceSeconds = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            var ended = time.GetTimestamp();
            try
            {
                await using var stream = await api.CoreV1.ReadNamespacedPodLogAsync(
                    pod.Name(),
                    pod.Namespace(),
                    container: ContainerOf(pod),
                    follow: true,
                    sinceSeconds: sinceSeconds,
                    tailLines: sinceSeconds is null ? EarlierLines : null,
                    cancellationToken: cancellationToken
                );
                await CopyAsync(stream, cancellationToken);
                if (pod.Spec.RestartPolicy is "Never")
                    return;
                ended = time.GetTimestamp();
                sinceSeconds = 1;
            }
            catch (HttpOperationException e)
                when (e.Response.StatusCode is System.Net.HttpStatusCode.NotFound or System.Net.HttpStatusCode.Forbidden
                )
            {
                return;
            }
            catch (Exception e)
                when (e is HttpRequestException or HttpOperationException or IOException or OperationCanceledException)
            {
                // Its container has not started yet, or the API server does not answer.
            }
            await Task.Delay(s_pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // What was written meanwhile, and nothing twice as far as whole seconds allow.
            if (sinceSeconds is not null)
                sinceSeconds = Math.Max(1, (int)time.GetElapsedTime(ended).TotalSeconds);
        }
    }

    /// <summary>The container that kubectl takes, or the first: a sidecar would have to be named.</summary>
    private static string ContainerOf(V1Pod pod) =>
        pod.GetAnnotation("kubectl.kubernetes.io/default-container") ?? pod.Spec.Containers[0].Name;

    private async Task CopyAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var buffer = new char[4096];
        var line = new StringBuilder();
        while (await reader.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            foreach (var c in buffer.AsMemory(0, read).ToArray())
            {
                if (c is '\r')
                    continue;
                if (c is not '\n')
                    line.Append(c);
                if (c is '\n' || line.Length >= MaxLineLength)
                    Flush(line);
            }
        }
        if (line.Length > 0)
            Flush(line);
    }

    private void Flush(StringBuilder line)
    {
        // The line is data, not a template: Aspire shows the message of a row's log as it is.
#pragma warning disable CA1848, CA1873, CA2254
        log.Log(LogLevel.Information, 0, line.ToString(), null, static (text, _) => text);
#pragma warning restore CA1848, CA1873, CA2254
        line.Clear();
    }
}
