using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.Measurement.Observation;

/// <summary>Requests of the clients of one node to the Service, each counted once although every proxy on its way
/// counted it.</summary>
/// <param name="node">The clients' node; empty for clients outside of the cluster, null when unknown.</param>
public sealed class ClientTraffic(string? node, int pods)
{
    public string? Node => node;

    /// <summary>The clients' node in words.</summary>
    public string Place =>
        node switch
        {
            null => Unknown,
            "" => Outside,
            _ => node,
        };

    /// <summary>The <see cref="Place"/> of clients that no node is known of.</summary>
    public const string Unknown = "(unknown node)";

    /// <summary>The <see cref="Place"/> of clients outside of the cluster.</summary>
    public const string Outside = "(outside)";

    /// <summary>The clients, as Hubble names them.</summary>
    public SortedSet<string> Names { get; } = new(StringComparer.Ordinal);

    /// <summary>Requests for which the Pod was chosen.</summary>
    public double[] Chosen { get; } = new double[pods];

    /// <summary>Successes that came back from it.</summary>
    public double[] Ok { get; } = new double[pods];

    /// <summary>Other answers of the Pod or of the proxy on its node.</summary>
    public double[] Failed { get; } = new double[pods];

    /// <summary>Errors that the proxy of the clients' node generated, attributed to the Pod.</summary>
    public double[] ProxyErrors { get; } = new double[pods];

    /// <summary>Answers by status, as the clients see them; 0: without a status of HTTP.</summary>
    public SortedDictionary<int, double> ByStatus { get; } = [];

    /// <summary>Answers whose status is not known.</summary>
    public double WithoutStatus { get; set; }

    /// <summary>Whether HTTP rules apply to these clients' egress and on the backends' ingress.</summary>
    public (bool Egress, bool Ingress) Rules { get; set; }

    /// <summary>Adds the traffic of other clients.</summary>
    public void Add(ClientTraffic other)
    {
        Rules = (Rules.Egress || other.Rules.Egress, Rules.Ingress || other.Rules.Ingress);
        foreach (var (status, count) in other.ByStatus)
            ByStatus[status] = ByStatus.GetValueOrDefault(status) + count;
        WithoutStatus += other.WithoutStatus;
        for (var i = 0; i < pods; i++)
        {
            Chosen[i] += other.Chosen[i];
            Ok[i] += other.Ok[i];
            Failed[i] += other.Failed[i];
            ProxyErrors[i] += other.ProxyErrors[i];
        }
    }

    /// <summary>Requests without an answer so far: denied or in flight.</summary>
    public double WithoutAnswer => Math.Max(0, Chosen.Sum() - ByStatus.Values.Sum());
}

/// <summary>The requests to a Service in a stretch of time.</summary>
/// <param name="Clients">By the clients' nodes.</param>
/// <param name="Reached">Backends: requests that reached each Pod.</param>
public sealed record ServiceTraffic(ImmutableArray<ClientTraffic> Clients, ImmutableArray<double> Reached)
{
    /// <summary>The node whose clients sent most requests; null without a request.</summary>
    public string? BusiestNode => Clients.MaxBy(c => c.Chosen.Sum())?.Node;

    /// <summary>Some answers have no status: how they ended is unknown, and so is how all of them compare.</summary>
    public bool LacksStatus => Clients.Any(c => c.WithoutStatus > 0);

    /// <summary>How requests ended is unknown: some answers have no status, or Hubble counted requests and not one
    /// response. Fewer than 20 requests may all be in flight.</summary>
    public bool EndsUnknown =>
        LacksStatus || Clients.Sum(c => c.Chosen.Sum()) >= 20 && Clients.All(c => c.ByStatus.Count == 0);

    /// <summary>The traffic of all clients together.</summary>
    public ClientTraffic AllClients(int pods)
    {
        var all = new ClientTraffic("", pods);
        foreach (var client in Clients)
            all.Add(client);
        return all;
    }

    private sealed class Passes
    {
        public double Egress,
            Ingress;
        public HashSet<string> Names { get; } = new(StringComparer.Ordinal);
        public SortedDictionary<int, double> EgressBy { get; } = [];
        public SortedDictionary<int, double> IngressBy { get; } = [];

        public void Add(CounterKey key, double egress, double ingress)
        {
            if (key.Kind is CounterKind.Requests)
            {
                (Egress, Ingress) = (Egress + egress, Ingress + ingress);
                return;
            }
            if (egress > 0)
                EgressBy[key.Status] = EgressBy.GetValueOrDefault(key.Status) + egress;
            if (ingress > 0)
                IngressBy[key.Status] = IngressBy.GetValueOrDefault(key.Status) + ingress;
        }
    }

    /// <summary>Reads counts of passes. A request from a Pod on node m to one on node k is counted by the proxy of m
    /// when an HTTP rule applies to the client's egress, and by that of k when one applies to the backends' ingress;
    /// with m = k both counts are one number, which is divided by the proxies on the way. Where metrics carry
    /// <c>reporter</c> they say it themselves.</summary>
    public static ServiceTraffic Of(IReadOnlyDictionary<CounterKey, double> counts, ObservedService service)
    {
        ArgumentNullException.ThrowIfNull(counts);
        ArgumentNullException.ThrowIfNull(service);
        var positions = service
            .Endpoints.Select((e, i) => (e.Pod.HubbleName, i))
            .ToDictionary(e => e.HubbleName, e => e.i, StringComparer.Ordinal);
        var reached = new double[positions.Count];
        Dictionary<(string? Node, ClientPath Path, int Pod), Passes> passes = [];
        foreach (var (key, count) in counts)
        {
            if (!positions.TryGetValue(key.Pod, out var pod))
                continue;
            if (key.Kind is CounterKind.Reached)
                reached[pod] += count;
            if (key.Kind is not (CounterKind.Requests or CounterKind.Responses))
                continue;
            var (path, podNode, counting) = (
                service.Clients.GetValueOrDefault(key.Client),
                service.Endpoints[pod].Pod.Node,
                key.Target.Name
            );
            var share = ShareOfEgress(key.Reporter, path, podNode, counting);
            var node =
                path.Node is { Length: > 0 } known ? known
                : share == 1 && counting != podNode ? counting
                : service.NodeOf(key.Client);
            if (!passes.TryGetValue((node, path, pod), out var pass))
                passes[(node, path, pod)] = pass = new Passes();
            pass.Names.Add(key.Client);
            // On one's own node two proxies count the same request; otherwise each side has a number of its own.
            pass.Add(key, share * count, (1 - share) * count);
        }
        List<ClientTraffic> clients = [];
        foreach (var ofNode in passes.GroupBy(p => p.Key.Node).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var traffic = new ClientTraffic(ofNode.Key, positions.Count);
            foreach (var ((_, path, pod), pass) in ofNode)
                Add(traffic, path, pod, pass);
            clients.Add(traffic);
        }
        return new ServiceTraffic([.. clients], [.. reached]);
    }

    private static double ShareOfEgress(string reporter, ClientPath path, string podNode, string counting) =>
        reporter switch
        {
            "client" => 1,
            "server" => 0,
            _ when counting != podNode => 1,
            _ when path.Node != podNode => 0,
            _ => path.Proxies == 0 ? 0
            : path.Egress ? 1.0 / path.Proxies
            : 0,
        };

    private static void Add(ClientTraffic traffic, ClientPath path, int pod, Passes pass)
    {
        var atClient = path.Node is null or "" ? pass.Egress > 0 : path.Egress;
        var seen = atClient ? pass.EgressBy : pass.IngressBy;
        traffic.Rules = (traffic.Rules.Egress || atClient, traffic.Rules.Ingress || path.Ingress || pass.Ingress > 0);
        traffic.Chosen[pod] += atClient ? pass.Egress : pass.Ingress;
        traffic.Names.UnionWith(pass.Names);
        var failures = 0.0;
        foreach (var (status, count) in seen)
        {
            if (status == HubbleHttpSample.UnknownStatus)
            {
                traffic.WithoutStatus += count;
                continue;
            }
            traffic.ByStatus[status] = traffic.ByStatus.GetValueOrDefault(status) + count;
            if (ResponseStatus.IsSuccess(status))
                traffic.Ok[pod] += count;
            else
                failures += count;
        }
        var own = atClient
            ? Math.Min(
                failures,
                pass.IngressBy.Where(s => s.Key >= 0 && !ResponseStatus.IsSuccess(s.Key)).Sum(s => s.Value)
            )
            : failures;
        traffic.Failed[pod] += own;
        traffic.ProxyErrors[pod] += failures - own;
    }
}
