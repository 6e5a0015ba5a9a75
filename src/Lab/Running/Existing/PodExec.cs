using System.Net.WebSockets;
using System.Text;
using CiliumDebugging.Lab.Clusters;
using k8s;
using k8s.Autorest;

namespace CiliumDebugging.Lab.Running.Existing;

/// <summary>Runs a command in a container, through the API.</summary>
internal sealed class PodExec(Kubernetes cluster, TimeProvider time)
{
    private const int MaxCharacters = 8 << 20;
    private const byte StandardOutput = 1;
    private const byte StandardError = 2;

    /// <returns>What it wrote, to both outputs; or, in brackets, why it could not be run.</returns>
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
        var (text, characters) = (new StringBuilder(), new char[16 * 1024]);
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
        return text.ToString();
    }
}
