namespace CiliumDebugging.ClusterSetup.Embedded.Datapath.LoadBalancing;

/// <summary>What service load balancing made of a destination.</summary>
public enum ServiceLookup
{
    /// <summary>The destination is no Service: it stays as it is.</summary>
    NotAService,

    /// <summary>A backend was chosen.</summary>
    Selected,

    /// <summary>The Service has no ready backend.</summary>
    NoBackend,
}

/// <summary>
/// Per-packet service load balancing of one node (facts, cil#14250): conntrack entry first, a random backend on a miss, a new random backend when the
/// stored one is gone. With socket LB the backend is chosen at connect(2) and no entry is kept. Time and randomness are arguments. Not thread-safe.
/// </summary>
/// <param name="conntrack">The node's service conntrack; null with socket LB.</param>
public sealed class ServiceLoadBalancer(ServiceConntrack? conntrack)
{
    /// <summary>Translates a destination.</summary>
    /// <param name="services">The current Services.</param>
    /// <param name="syn">Client and the destination it dialled.</param>
    /// <param name="nowTicks">Now, in ticks of 100 ns.</param>
    /// <param name="random">Source of the choice.</param>
    /// <param name="backend">The chosen backend, or the destination itself when it is no Service.</param>
    public ServiceLookup Translate(ServiceTable services, in FourTuple syn, long nowTicks, Random random, out TcpEndpoint backend)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(random);
        backend = syn.Destination;
        if (!services.TryGet(syn.Destination, out var service)) return ServiceLookup.NotAService;
        if (conntrack is not null && conntrack.TryGet(syn, nowTicks, out var stored) && service!.TryGet(stored, out backend)) return ServiceLookup.Selected;
        var backends = service!.Backends;
        if (backends.Length == 0)
        {
            backend = syn.Destination;
            return ServiceLookup.NoBackend;
        }
        var chosen = backends[random.Next(backends.Length)];
        conntrack?.Set(syn, chosen.Id, nowTicks);
        backend = chosen.Address;
        return ServiceLookup.Selected;
    }
}
