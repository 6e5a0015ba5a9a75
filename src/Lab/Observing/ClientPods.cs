using k8s;
using k8s.Models;

namespace CiliumDebugging.Lab.Observing;

/// <summary>The Pods of the clients that Hubble names, looked up once in a while. Bounded, not thread-safe.</summary>
/// <param name="api">The API server.</param>
/// <param name="budget">Requests that may be made.</param>
/// <param name="time">Time source.</param>
internal sealed class ClientPods(ApiReader api, RequestBudget budget, TimeProvider time)
{
    private const int MaxClients = 1000;

    /// <summary>After this time another Pod may have the name.</summary>
    private static readonly TimeSpan s_maxAge = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, (V1Pod? Pod, long At)> _clients = new(StringComparer.Ordinal);

    /// <summary>The clients that are Pods with a node, by the name that Hubble has for them.</summary>
    public IEnumerable<KeyValuePair<string, V1Pod>> Known =>
        _clients
            .Where(c => c.Value.Pod?.Spec.NodeName is { Length: > 0 })
            .Select(c => KeyValuePair.Create(c.Key, c.Value.Pod!));

    /// <summary>Whether a lookup of this client would bring nothing new.</summary>
    /// <param name="client">A client as Hubble names it.</param>
    public bool Knows(string client) =>
        _clients.ContainsKey(client) || _clients.Count >= MaxClients || client.Split('/').Length != 2;

    /// <summary>Forgets old clients and looks up those that are not known.</summary>
    public async Task LookUpAsync(IEnumerable<string> clients, CancellationToken cancellationToken)
    {
        foreach (var old in _clients.Where(c => time.GetElapsedTime(c.Value.At) >= s_maxAge).ToList())
            _clients.Remove(old.Key);
        foreach (var client in clients)
        {
            if (Knows(client))
                continue;
            await budget.TakeAsync(1, cancellationToken);
            _clients[client] = (await ReadAsync(client, cancellationToken), time.GetTimestamp());
        }
    }

    /// <summary>Null: it does not exist, is not a Pod or may not be read.</summary>
    private async Task<V1Pod?> ReadAsync(string client, CancellationToken cancellationToken)
    {
        var slash = client.IndexOf('/', StringComparison.Ordinal);
        var (ns, name) = (client[..slash], client[(slash + 1)..]);
        try
        {
            return await api.GetAsync(
                $"pod {client}",
                (cluster, token) => cluster.CoreV1.ReadNamespacedPodAsync(name, ns, cancellationToken: token),
                cancellationToken
            );
        }
        catch (ObservationException e) when (e.Problem is ObservationProblem.NotFound or ObservationProblem.Forbidden)
        {
            return null;
        }
    }
}
