using System.Collections.Immutable;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.ControlPlane;

/// <summary>
/// What the nodes know of EndpointSlices: their state a while ago
/// (<see cref="Datapath.Cilium.CiliumConfig.EndpointLag"/>). A node without knowledge reads the current state.
/// </summary>
internal sealed class EndpointHistory(TimeProvider time)
{
    private readonly Queue<(long At, ImmutableArray<V1EndpointSlice> Slices)> _later = new();
    private ImmutableArray<V1EndpointSlice> _last = [];
    private ImmutableArray<V1EndpointSlice>? _known;

    /// <summary>The slices as the nodes know them now.</summary>
    /// <param name="now">The slices as they are.</param>
    /// <param name="lag">How long the nodes are behind.</param>
    /// <param name="next">When the next change reaches the nodes, from now; null: they know all.</param>
    public ImmutableArray<V1EndpointSlice> Known(ImmutableArray<V1EndpointSlice> now, TimeSpan lag, out TimeSpan? next)
    {
        if (!_last.SequenceEqual(now))
            _later.Enqueue((time.GetTimestamp(), _last = now));
        next = null;
        while (_later.TryPeek(out var change))
        {
            var left = lag - time.GetElapsedTime(change.At);
            if (_known is not null && left > TimeSpan.Zero)
            {
                next = left;
                break;
            }
            _known = change.Slices;
            _later.Dequeue();
        }
        return _known ?? [];
    }
}
