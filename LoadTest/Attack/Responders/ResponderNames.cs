namespace CiliumDebugging.LoadTest.Attack.Responders;

/// <summary>Turns the bytes of a pod or node name into one string instance per name, without allocating for a name seen
/// before. Bounded; safe for concurrent use by several parsers.</summary>
public sealed class ResponderNames
{
    /// <summary>Longest name that is recognised, in bytes: a DNS name. A longer value counts as unknown.</summary>
    public const int MaxLength = 253;

    /// <summary>Distinct names kept; every further one is reported as <see cref="Other"/>, so that a hostile server
    /// cannot fill the memory.</summary>
    public const int MaxNames = 4096;

    /// <summary>Replaces every name beyond <see cref="MaxNames"/>.</summary>
    public const string Other = "(other)";

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>The name for these bytes (read as Latin-1); null when they are empty, too long or not
    /// printable.</summary>
    public string? Get(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty || name.Length > MaxLength)
            return null;
        Span<char> chars = stackalloc char[MaxLength];
        chars = chars[..name.Length];
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] is < 0x20 or 0x7F)
                return null;
            chars[i] = (char)name[i];
        }
        lock (_gate)
        {
            if (_names.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(chars, out var known))
                return known;
            if (_names.Count >= MaxNames)
                return Other;
            var added = chars.ToString();
            _names.Add(added);
            return added;
        }
    }
}
