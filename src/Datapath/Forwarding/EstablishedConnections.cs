using CiliumDebugging.Datapath.Addresses;
using CiliumDebugging.Datapath.Policies;

namespace CiliumDebugging.Datapath.Forwarding;

/// <summary>What a change of the policies makes of an established connection.</summary>
public enum EstablishedFate
{
    /// <summary>It goes on; where a proxy has it, by the rules that hold now.</summary>
    Unchanged,

    /// <summary>A policy denies it now: its packets are dropped without an answer.</summary>
    Dropped,

    /// <summary>A policy would send it to a proxy now. No proxy has a socket for it, so what the client sends next is
    /// answered with a reset.</summary>
    Reset,
}

/// <summary>Policy applies to established connections as to new ones, and at once (measured: tightening drops them
/// silently; an L7 rule resets connections that were established directly). Pure: the live shell evaluates each of its
/// connections whenever the agents learn something new.</summary>
public static class EstablishedConnections
{
    /// <summary>The fate of a connection.</summary>
    /// <param name="cluster">What the agents know now.</param>
    /// <param name="hop">The decision by which it was established: to a Pod or to a proxy.</param>
    /// <param name="rules">For a connection that a proxy has: the HTTP rules that hold now; null when there are none
    /// any more.</param>
    /// <param name="reason">For one that is dropped: Cilium's drop reason; otherwise null.</param>
    public static EstablishedFate FateOf(
        ClusterSnapshot cluster,
        in Hop hop,
        out HttpRuleSet? rules,
        out string? reason
    )
    {
        ArgumentNullException.ThrowIfNull(cluster);
        (rules, reason) = (null, null);
        if (hop.Destination is null)
            return EstablishedFate.Unchanged;
        var (source, destination) = (
            hop.Source is { } client ? Current(cluster, client) : null,
            Current(cluster, hop.Destination)
        );
        // The egress proxy's own connection has the client's egress policy behind it.
        if (source is not null && !hop.FromEgressProxy)
        {
            var egress = Egress(cluster, source.Identity, destination.Peer, hop.Backend.Port);
            if (egress.IsDrop)
            {
                reason = ReasonOf(egress);
                return EstablishedFate.Dropped;
            }
            rules = egress.Http;
            if (hop.Action is HopAction.ToEgressProxy)
                return EstablishedFate.Unchanged;
            if (egress.IsRedirect)
                return EstablishedFate.Reset;
        }
        var ingress = Ingress(cluster, source?.Peer, destination.Identity, hop.Wire);
        if (ingress.IsDrop)
        {
            reason = ReasonOf(ingress);
            return EstablishedFate.Dropped;
        }
        rules = ingress.Http;
        return ingress.IsRedirect && hop.Action is HopAction.ToPod ? EstablishedFate.Reset : EstablishedFate.Unchanged;
    }

    /// <summary>Why a policy drops, in the words of Hubble (api/v1/flow/flow.proto, DropReason).</summary>
    internal static string ReasonOf(in PolicyVerdict verdict) =>
        verdict.Reason is DropReason.DeniedByDenyRule ? "POLICY_DENY" : "POLICY_DENIED";

    /// <summary>The client's side: its egress policy.</summary>
    internal static PolicyVerdict Egress(
        ClusterSnapshot cluster,
        EndpointIdentity source,
        in Peer destination,
        ushort port
    ) => cluster.Policies.Evaluate(TrafficDirection.Egress, source, destination, port, L4Protocol.Tcp);

    /// <summary>The destination's side: its ingress policy. A source that is not a Pod is this machine itself: the host
    /// of the node it talks to.</summary>
    internal static PolicyVerdict Ingress(
        ClusterSnapshot cluster,
        Peer? source,
        EndpointIdentity destination,
        in FourTuple wire
    ) =>
        cluster.Policies.Evaluate(
            TrafficDirection.Ingress,
            destination,
            source ?? new Peer(cluster.Identities.Host, wire.Source.Address),
            wire.Destination.Port,
            L4Protocol.Tcp
        );

    /// <summary>The Pod as it is now: its labels may have changed. A deleted one keeps what it was, because its
    /// connections last until its process ends them.</summary>
    private static PodEntry Current(ClusterSnapshot cluster, PodEntry pod) =>
        cluster.Pods.TryGetValue(pod.Address, out var now) && now.Uid == pod.Uid ? now : pod;
}
