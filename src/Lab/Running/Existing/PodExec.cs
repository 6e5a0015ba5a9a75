using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using CiliumDebugging.Lab.Clusters;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace CiliumDebugging.Lab.Running.Existing;

/// <summary>Runs a command in a container, through the API.</summary>
internal sealed class PodExec(Kubernetes cluster, TimeProvider time)
{
    private const int MaxCharacters = 8 << 20;
    private const byte StandardOutput = 1;
    private const byte StandardError = 2;
    private const byte Status = 3;

    /// <returns>What it wrote, to both outputs; and, in brackets, why it could not be run or failed.</returns>
    public async Task<string> RunAsync(
        string ns,
        string pod,
        string container,
        IReadOnlyList<string> command,
        TimeSpan limit,
        CancellationToken cancellationToken
    )
    {
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var (text, characters, status) = (new StringBuilder(), new char[16 * 1024], new StringBuilder());
        // A character may be split between two messages.
        var (output, error) = (Encoding.UTF8.GetDecoder(), Encoding.UTF8.GetDecoder());
        try
        {
            using var socket = new ChannelSocket(
                await cluster.WebSocketNamespacedPodExecAsync(
                    pod,
                    ns,
                    command,
                    container,
                    stderr: true,
                    stdin: false,
                    stdout: true,
                    tty: false,
                    ChannelSocket.Protocol,
                    cancellationToken: either.Token
                )
            );
            while (await socket.ReceiveAsync(either.Token) is { } received)
            {
                if (received.Channel is Status)
                    status.Append(Encoding.UTF8.GetString(received.Data.Span));
                if (received.Channel is not (StandardOutput or StandardError) || text.Length >= MaxCharacters)
                    continue;
                var decoder = received.Channel == StandardOutput ? output : error;
                text.Append(characters, 0, decoder.GetChars(received.Data.Span, characters, flush: false));
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            text.Append($"\n[ended after {limit.TotalSeconds:0} s]\n");
        }
        catch (Exception e)
            when (e
                    is HttpOperationException
                        or KubernetesException
                        or WebSocketException
                        or HttpRequestException
                        or IOException
            )
        {
            text.Append($"[could not be run: {e.Message}]\n");
        }
        if (FailureIn(status.ToString()) is { } failure)
            text.Append($"[{failure}]\n");
        return text.ToString();
    }

    /// <summary>
    /// What the last channel says of a command that failed, or of a container without it; null: it succeeded.
    /// </summary>
    internal static string? FailureIn(string status)
    {
        if (status.Length == 0)
            return null;
        try
        {
            var parsed = KubernetesJson.Deserialize<V1Status>(status);
            return parsed?.Status == "Failure" ? parsed.Message ?? parsed.Reason : null;
        }
        catch (JsonException)
        {
            return status.Trim();
        }
    }
}
