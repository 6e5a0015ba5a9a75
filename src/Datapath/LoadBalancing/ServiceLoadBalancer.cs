using CiliumDebugging.Datapath.Addresses;

namespace CiliumDebugging.Datapath.LoadBalancing;

/// <summary>What service load balancing made of a destination.</summary>
public enum ServiceLookup
{
    /// <summary>The destination is not a Service: it is not translated.</summary>
    NotAService,

    /// <summary>A backend was chosen.</summary>
    Selected,

    /// <summary>The Service has no ready backend.</summary>
    NoBackend,

    /// <summary>The Service has ready backends, and a traffic policy <c>Local</c> leaves none of them.</summary>
    NoLocalBackend,
}

/// <summary>What a node chooses backends by.</summary>
/// <param name="Selection">The algorithm.</param>
/// <param name="MaglevTableSize">Slots of a Maglev table (<c>bpf-lb-maglev-table-size</c>), one of
/// <see cref="MaglevTable.Sizes"/>. Default 16381.</param>
/// <param name="Node">The node's number (<see cref="NodeNumbers"/>); -1: none.</param>
/// <param name="Zone">Its zone; null: none.</param>
/// <param name="Affinity">Its memory of client addresses; null: no Service has affinity here.</param>
/// <param name="Address">The node's address, on which it serves node ports; 0: none.</param>
/// <param name="Follows">Which preferences for a zone it follows.</param>
public sealed record ServiceChoice(
    BackendSelection Selection = BackendSelection.Random,
    int MaglevTableSize = 16_381,
    int Node = -1,
    string? Zone = null,
    AffinityMap? Affinity = null,
    uint Address = 0,
    ZonePreference Follows = ZonePreference.None
)
{
    /// <summary>At random, without locality and affinity.</summary>
    public static ServiceChoice Default { get; } = new();
}

/// <summary>
/// Service load balancing of one node (https://github.com/cilium/cilium/issues/14250), for a SYN:
/// <list type="number">
/// <item>the conntrack entry of the 4-tuple, while its backend exists (not with socket LB, where the backend is chosen
/// at connect(2) and no entry is kept);</item>
/// <item>without an entry and with session affinity, the backend the client address had last, while it exists;</item>
/// <item>the algorithm, among the backends that the Service's locality leaves;</item>
/// <item>what was chosen is remembered.</item>
/// </list>
/// Time and randomness are arguments. Not thread-safe.
/// </summary>
/// <param name="conntrack">The node's service conntrack; null with socket LB.</param>
/// <param name="choice">What the node chooses by; null for the default.</param>
public sealed class ServiceLoadBalancer(ServiceConntrack? conntrack, ServiceChoice? choice = null)
{
    private readonly ServiceChoice _choice = choice ?? ServiceChoice.Default;
    private readonly Dictionary<TcpEndpoint, int> _turns = [];

    /// <summary>Translates a destination.</summary>
    /// <param name="services">The current Services.</param>
    /// <param name="syn">Client and the destination it dialled.</param>
    /// <param name="nowTicks">Now, in ticks of 100 ns.</param>
    /// <param name="random">Source of the choice.</param>
    /// <param name="backend">The chosen backend, or the destination itself when there is none.</param>
    public ServiceLookup Translate(
        ServiceTable services,
        in FourTuple syn,
        long nowTicks,
        Random random,
        out TcpEndpoint backend
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(random);
        backend = syn.Destination;
        var stored = 0;
        if (
            !services.TryGet(syn.Destination, out var service)
            && !(
                syn.Destination.Address == _choice.Address && services.TryGetNodePort(syn.Destination.Port, out service)
            )
        )
            return ServiceLookup.NotAService;
        // 1. the conntrack entry
        var hasEntry = conntrack is not null && conntrack.TryGet(syn, nowTicks, out stored);
        if (hasEntry && service!.TryGet(stored, out backend))
        {
            if (service.HasAffinity)
                _choice.Affinity?.Set(syn.Source.Address, syn.Destination, stored, nowTicks);
            return ServiceLookup.Selected;
        }
        return Choose(service!, syn, nowTicks, random, hasEntry, out backend);
    }

    /// <summary>Steps 2 to 4, apart from step 1, which most connections end with.</summary>
    private ServiceLookup Choose(
        ServiceFrontend service,
        in FourTuple syn,
        long nowTicks,
        Random random,
        bool hasEntry,
        out TcpEndpoint backend
    )
    {
        // 2. affinity; an entry whose backend is gone goes on to the algorithm (cilium, lb4_local)
        var affinity = service.Choice.AffinityTicks is null ? null : _choice.Affinity;
        backend = default;
        var id = hasEntry
            ? 0
            : affinity?.Find(syn.Source.Address, syn.Destination, nowTicks, service.Choice.AffinityTicks!.Value) ?? 0;
        if (id == 0 || !service.TryGet(id, out backend))
        {
            // 3. the algorithm
            var group = service.GroupFor(_choice.Node, _choice.Zone, _choice.Follows);
            if (group.Backends.IsEmpty)
            {
                backend = syn.Destination;
                return service.Backends.IsEmpty ? ServiceLookup.NoBackend : ServiceLookup.NoLocalBackend;
            }
            var chosen = group.Backends[Select(service.Choice, group, syn, random)];
            (id, backend) = (chosen.Id, chosen.Address);
        }
        // 4. remember
        conntrack?.Set(syn, id, nowTicks);
        affinity?.Set(syn.Source.Address, syn.Destination, id, nowTicks);
        return ServiceLookup.Selected;
    }

    /// <summary>What follows a SYN, or ends the connection: it prolongs the entry and session affinity.</summary>
    /// <param name="services">The current Services.</param>
    /// <param name="syn">Client and the destination it dialled.</param>
    /// <param name="nowTicks">Now, in ticks of 100 ns.</param>
    /// <param name="isLast">Whether it is a FIN or RST.</param>
    public void Continue(ServiceTable services, in FourTuple syn, long nowTicks, bool isLast)
    {
        if (conntrack is null)
            return;
        var backend = isLast ? conntrack.Close(syn, nowTicks) : conntrack.Continue(syn, nowTicks);
        // Without any affinity, which is the rule, the Service need not be looked up.
        if (backend != 0 && _choice.Affinity is { IsEmpty: false } affinity)
            Prolong(services, syn, backend, nowTicks, affinity);
    }

    private void Prolong(ServiceTable services, in FourTuple syn, int backend, long nowTicks, AffinityMap affinity)
    {
        if (!services.TryGet(syn.Destination, out var service) && syn.Destination.Address == _choice.Address)
            services.TryGetNodePort(syn.Destination.Port, out service);
        if (service?.Choice.AffinityTicks is not null)
            affinity.Set(syn.Source.Address, syn.Destination, backend, nowTicks);
    }

    private int Select(ServiceTraits traits, BackendGroup group, in FourTuple syn, Random random)
    {
        switch (_choice.Selection)
        {
            case BackendSelection.Maglev:
                return group.Maglev(_choice.MaglevTableSize).Choose(syn, traits.AffinityTicks is not null);
            case BackendSelection.RoundRobin:
                ref var turn = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(
                    _turns,
                    syn.Destination,
                    out _
                );
                var now = turn % group.Backends.Length;
                turn = now + 1;
                return now;
            default:
                return random.Next(group.Backends.Length);
        }
    }
}
