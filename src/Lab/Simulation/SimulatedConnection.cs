using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Forwarding;

namespace CiliumDebugging.Lab.Simulation;

/// <summary>
/// Takes one connection with one request through the datapath, hop by hop. A request takes no virtual time.
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="method">HTTP method of every request.</param>
/// <param name="target">Path and query of every request.</param>
/// <param name="host">Host of every request.</param>
internal sealed class SimulatedConnection(SimulatedCluster cluster, string method, string target, string host)
{
    /// <summary>
    /// The proxies' own ports. They differ: both proxies of a node may connect to the same backend at once.
    /// </summary>
    private const ushort EgressPort = 32_768,
        IngressPort = 32_769;

    /// <summary>Opens the connection, sends the request and closes the connection.</summary>
    /// <param name="syn">The client's socket and the Service.</param>
    /// <param name="nowTicks">Now, in ticks of 100 ns.</param>
    /// <param name="random">Source of the backend choice.</param>
    /// <param name="backend">Address of the chosen backend.</param>
    public SimulatedOutcome Run(in FourTuple syn, long nowTicks, Random random, out uint backend)
    {
        var hop = cluster.Path.Connect(cluster.Snapshot, syn, nowTicks, random, out var accepted);
        backend = hop.Backend.Address;
        var outcome = hop.Action is HopAction.ToPod ? SimulatedOutcome.Ok : Follow(hop);
        accepted?.Dispose();
        // A SYN that is dropped has nothing after it.
        if (outcome is not SimulatedOutcome.Dropped)
            cluster.Path.Close(cluster.Snapshot, syn, nowTicks);
        return outcome;
    }

    private SimulatedOutcome Follow(in Hop hop) =>
        hop.Action switch
        {
            HopAction.ToPod => SimulatedOutcome.Ok,
            HopAction.ToEgressProxy => Forbids(hop) ? SimulatedOutcome.Forbidden : FromEgressProxy(hop),
            HopAction.ToIngressProxy => Forbids(hop) ? SimulatedOutcome.Forbidden : FromIngressProxy(hop),
            HopAction.Drop or HopAction.LostAtRedirect => SimulatedOutcome.Dropped,
            HopAction.AddressNotAvailable => SimulatedOutcome.ServiceUnavailable,
            _ => SimulatedOutcome.Reset,
        };

    private SimulatedOutcome FromEgressProxy(in Hop accepted)
    {
        var next = cluster.Path.ConnectFromEgressProxy(
            cluster.Snapshot,
            accepted,
            Own(accepted, EgressPort),
            out var connecting,
            out var hold
        );
        var outcome = Follow(next);
        hold?.Dispose();
        connecting?.Dispose();
        return AsProxyAnswer(outcome);
    }

    private SimulatedOutcome FromIngressProxy(in Hop accepted)
    {
        var next = cluster.Path.ConnectFromIngressProxy(
            cluster.Snapshot,
            accepted,
            Own(accepted, IngressPort),
            out var connecting
        );
        var outcome = Follow(next);
        connecting?.Dispose();
        return AsProxyAnswer(outcome);
    }

    /// <summary>However a proxy's connection ends, the client reads a status after its timeout and retries.</summary>
    private static SimulatedOutcome AsProxyAnswer(SimulatedOutcome outcome) =>
        outcome is SimulatedOutcome.Ok or SimulatedOutcome.Forbidden ? outcome : SimulatedOutcome.ServiceUnavailable;

    private static TcpEndpoint Own(in Hop accepted, ushort port) => new(accepted.Node!.Address, port);

    private bool Forbids(in Hop hop) => hop.HttpRules is { } rules && !rules.Allows(method, target, host, null);
}
