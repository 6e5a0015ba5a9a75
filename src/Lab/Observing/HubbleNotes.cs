namespace CiliumDebugging.Lab.Observing;

/// <summary>
/// What a reader must know of the series of a round. That series do not name Pods matters only where none does: beside
/// those that do, they are about something else. Not thread-safe.
/// </summary>
internal sealed class HubbleNotes
{
    private readonly SortedSet<string> _notes = new(StringComparer.Ordinal);
    private string? _unnamed,
        _nameless;
    private bool _finds,
        _names;

    /// <summary>Adds what a series says.</summary>
    public void Add(HubbleReading reading)
    {
        _finds |= reading.Key is { Pod.Length: > 0 };
        _names |= reading.Server is { Name.Length: > 0 };
        if (reading.Note is { } note)
            _notes.Add(note);
        if (reading is { Unnamed: { } unnamed, Server: { } server })
        {
            if (server.Name.Length > 0)
                _unnamed ??= unnamed;
            else
                _nameless ??= unnamed;
        }
    }

    /// <summary>Adds a note that is not about one series.</summary>
    public void Add(string note) => _notes.Add(note);

    /// <summary>Adds those of another target.</summary>
    public void Add(HubbleNotes other)
    {
        _notes.UnionWith(other._notes);
        (_unnamed, _nameless) = (_unnamed ?? other._unnamed, _nameless ?? other._nameless);
        (_finds, _names) = (_finds || other._finds, _names || other._names);
    }

    /// <summary>Whether a series counts for the Service.</summary>
    public bool Finds => _finds;

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<string> All =>
        (_finds, _unnamed, _nameless) switch
        {
            (false, { } unnamed, _) => [.. _notes, unnamed],
            (false, null, { } nameless) when !_names => [.. _notes, nameless],
            _ => [.. _notes],
        };
}
