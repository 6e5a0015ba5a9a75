using System.Net.WebSockets;
using System.Text;
using k8s;
using k8s.Autorest;

namespace CiliumDebugging.ClusterSetup.Scenarios.Sessions;

/// <summary>Runs a command in a container, through the API.</summary>
internal sealed class PodExec(Kubernetes cluster)
{
    private const int MaxCharacters = 8 << 20;

    /// <summary>Runs it.</summary>
    /// <returns>What it wrote, to both outputs; or, in brackets, why it could not be run.</returns>
    public async Task<string> RunAsync(string ns, string pod, string container, IReadOnlyList<string> command, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(limit);
        var text = new StringBuilder();
        try
        {
            await cluster.NamespacedPodExecAsync(pod, ns, container, command, false, async (_, output, error) =>
            {
                await Task.WhenAll(ReadAsync(output, text, either.Token), ReadAsync(error, text, either.Token));
            }, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            text.Append($"\n[ended after {limit.TotalSeconds:0} s]\n");
        }
        catch (Exception e) when (e is HttpOperationException or KubernetesException or WebSocketException or HttpRequestException or IOException)
        {
            text.Append($"[could not be run: {e.Message}]\n");
        }
        return text.ToString();
    }

    private static async Task ReadAsync(Stream stream, StringBuilder text, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            lock (text)
            {
                if (text.Length < MaxCharacters) text.Append(line).Append('\n');
            }
        }
    }
}
