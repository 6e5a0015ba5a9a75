using System.Collections.Frozen;
using System.Collections.Immutable;
using CiliumDebugging.Datapath.Addresses;

namespace CiliumDebugging.Datapath.LoadBalancing;

/// <summary>A Service's backends by id. Ids are given in sequence, so an array holds them while no more than three of
/// four places are empty; otherwise a hash table.</summary>
internal sealed class BackendIndex
{
    private const int MaxPlacesPerBackend = 4;
    private readonly int _first;
    private readonly TcpEndpoint[] _places = [];
    private readonly FrozenDictionary<int, TcpEndpoint>? _scattered;

    public BackendIndex(ImmutableArray<ServiceBackend> backends)
    {
        if (backends.IsEmpty)
            return;
        _first = backends.Min(b => b.Id);
        var places = (long)backends.Max(b => b.Id) - _first + 1;
        if (places > (long)MaxPlacesPerBackend * backends.Length)
        {
            _scattered = backends.ToFrozenDictionary(b => b.Id, b => b.Address);
            return;
        }
        _places = new TcpEndpoint[places];
        foreach (var backend in backends)
            _places[backend.Id - _first] = backend.Address;
    }

    /// <summary>The backend with an id, or false: no backend has address 0.</summary>
    public bool TryGetValue(int id, out TcpEndpoint backend)
    {
        if (_scattered is not null)
            return _scattered.TryGetValue(id, out backend);
        var place = (uint)(id - _first);
        backend = place < (uint)_places.Length ? _places[place] : default;
        return backend.Address != 0;
    }
}
