using System.Net;
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

    /// <summary>Whether clients that are named by their addresses are looked up, too.</summary>
    public bool LooksUpAddresses { get; set; }

    /// <summary>Whether a lookup of this client would bring nothing new.</summary>
    /// <param name="client">A client as Hubble names it.</param>
    public bool Knows(string client) =>
        _clients.ContainsKey(client)
        || _clients.Count >= MaxClients
        || (client.Split('/').Length != 2 && !(LooksUpAddresses && IPAddress.TryParse(client, out _)));

    /// <summary>Forgets old clients and looks up those that are not known.</summary>
    public async Task LookUpAsync(IEnumerable<string> clients, CancellationToken cancellationToken)
    {
        var old = _clients.Where(c => time.GetElapsedTime(c.Value.At) >= s_maxAge).ToDictionary(StringComparer.Ordinal);
        foreach (var client in old.Keys)
            _clients.Remove(client);
        foreach (var client in clients)
        {
            if (Knows(client))
                continue;
            await budget.TakeAsync(1, cancellationToken);
            // What a Pod sent before it was deleted came from where it was.
            var pod = await ReadAsync(client, cancellationToken) ?? old.GetValueOrDefault(client).Pod;
            _clients[client] = (pod, time.GetTimestamp());
        }
    }

    /// <summary>Null: it does not exist, is not a Pod or may not be read.</summary>
    private async Task<V1Pod?> ReadAsync(string client, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(client, out _))
            return await AtAsync(client, cancellationToken);
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

    /// <summary>
    /// The running Pod that has an address of its own. A node's address is that of several Pods, and of traffic from
    /// outside that the node forwards.
    /// </summary>
    private async Task<V1Pod?> AtAsync(string address, CancellationToken cancellationToken)
    {
        try
        {
            var pods = await api.GetAsync(
                $"pods with the address {address}",
                (cluster, token) =>
                    cluster.CoreV1.ListPodForAllNamespacesAsync(
                        fieldSelector: $"status.podIP={address}",
                        cancellationToken: token
                    ),
                cancellationToken
            );
            return pods.Items.FirstOrDefault(p =>
                p.Status?.PodIP == address && p.Status.Phase == "Running" && p.Spec.HostNetwork is not true
            );
        }
        catch (ObservationException e) when (e.Problem is ObservationProblem.Forbidden)
        {
            return null;
        }
    }
}
