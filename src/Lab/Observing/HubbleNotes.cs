namespace CiliumDebugging.Lab.Observing;

/// <summary>
/// What a reader must know of the series of a round. That series do not name Pods matters only where none does: beside
/// those that do, they are about something else. Where none may be about the Service and some name other Pods, it has
/// no traffic. Not thread-safe.
/// </summary>
internal sealed class HubbleNotes
{
    private readonly SortedSet<string> _notes = new(StringComparer.Ordinal);
    private string? _unnamed,
        _other,
        _nameless;
    private bool _finds,
        _names,
        _namesPods;

    /// <summary>Adds what a series says.</summary>
    public void Add(HubbleReading reading)
    {
        _finds |= reading.Key is { Pod.Length: > 0 };
        if (reading.Server is { } peer)
        {
            _names |= peer.Name.Length > 0;
            _namesPods |= ServicePods.IsOfPods(peer.Name) || peer.Address.Length > 0;
        }
        if (reading.Note is { } note)
            _notes.Add(note);
        if (reading is { Unnamed: { } unnamed, Server: { } server })
        {
            if (server.Name.Length == 0)
                _nameless ??= unnamed;
            else if (reading.MayBe)
                _unnamed ??= unnamed;
            else
                _other ??= unnamed;
        }
    }

    /// <summary>Adds a note that is not about one series.</summary>
    public void Add(string note) => _notes.Add(note);

    /// <summary>Adds those of another target.</summary>
    public void Add(HubbleNotes other)
    {
        _notes.UnionWith(other._notes);
        (_unnamed, _other, _nameless) = (
            _unnamed ?? other._unnamed,
            _other ?? other._other,
            _nameless ?? other._nameless
        );
        (_finds, _names, _namesPods) = (_finds || other._finds, _names || other._names, _namesPods || other._namesPods);
    }

    /// <summary>Whether a series counts for the Service.</summary>
    public bool Finds => _finds;

    /// <summary>Whether it is known why no series counts for the Service.</summary>
    public bool Explains => Why is not null;

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<string> All => Why is { } why ? [.. _notes, why] : [.. _notes];

    private string? Why =>
        _finds ? null
        : _unnamed is not null ? _unnamed
        : _namesPods ? null
        : _other is not null ? _other
        : _names ? null
        : _nameless;
}
