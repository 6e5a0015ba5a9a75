using System.Globalization;
using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>
/// HTTP to a Pod through the API server's port-forward. The connection begins in the Pod's own network namespace, so
/// no policy applies to it. Through the pod proxy it would come from the API server's node, which the scenario's
/// policies do not admit.
/// </summary>
internal sealed class PodPortForward(Kubernetes cluster)
{
    private readonly Lazy<Task<bool>> _served = new(() => IsServedAsync(cluster));

    /// <summary>
    /// Whether the cluster serves port-forward. The embedded one does not: its pod proxy bypasses policies.
    /// </summary>
    public Task<bool> IsServedAsync(CancellationToken cancellationToken) => _served.Value.WaitAsync(cancellationToken);

    /// <summary>Sends a GET request and returns the text of the response.</summary>
    /// <exception cref="HttpRequestException">The Pod cannot be reached, or the response is not a success.</exception>
    public async Task<string> GetAsync(
        string ns,
        string pod,
        int port,
        string path,
        CancellationToken cancellationToken
    )
    {
        await using var stream = new PortForwardStream(
            new ChannelSocket(
                await cluster.WebSocketNamespacedPodPortForwardAsync(
                    pod,
                    ns,
                    [port],
                    ChannelSocket.Protocol,
                    cancellationToken: cancellationToken
                )
            )
        );
        // The only connection; the client opens no other.
        using var http = new HttpClient(
            new SocketsHttpHandler { ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(stream) }
        )
        {
            Timeout = TimeSpan.FromSeconds(10),
        };
        using var response = await http.GetAsync(
            new Uri(string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}{path}")),
            cancellationToken
        );
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException(
                $"GET {path} of pod {ns}/{pod} port {port}: {(int)response.StatusCode} {text.Trim()}",
                null,
                response.StatusCode
            );
        return text;
    }

    private static async Task<bool> IsServedAsync(Kubernetes cluster)
    {
        var resources = await cluster.CoreV1.GetAPIResourcesAsync();
        return resources.Resources.Any(r => r.Name == "pods/portforward");
    }
}
