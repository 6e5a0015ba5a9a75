using System.Buffers;
using System.Text;
using System.Text.Unicode;

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

    /// <summary>The name for these bytes (UTF-8, or Latin-1 where they are not); null when they are empty, too long or
    /// not printable.</summary>
    public string? Get(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty || name.Length > MaxLength)
            return null;
        Span<char> chars = stackalloc char[MaxLength];
        return Get(chars[..Decode(name, chars, mayBeCut: false)]);
    }

    /// <summary>The name for these characters; null when there are none, too many or one that is not
    /// printable.</summary>
    public string? Get(ReadOnlySpan<char> name)
    {
        if (
            name.IsEmpty
            || name.Length > MaxLength
            || name.ContainsAnyInRange('\0', '\u001F')
            || name.Contains('\u007F')
        )
            return null;
        lock (_gate)
        {
            if (_names.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out var known))
                return known;
            if (_names.Count >= MaxNames)
                return Other;
            var added = name.ToString();
            _names.Add(added);
            return added;
        }
    }

    /// <summary>Reads what a server wrote without saying how: as UTF-8, or as Latin-1 where it is not.</summary>
    /// <param name="bytes">The text's bytes.</param>
    /// <param name="chars">Gets the characters; as long as the bytes at least.</param>
    /// <param name="mayBeCut">Whether the text may end within a character, which is left out then.</param>
    /// <returns>How many characters there are.</returns>
    internal static int Decode(ReadOnlySpan<byte> bytes, Span<char> chars, bool mayBeCut) =>
        Utf8.ToUtf16(bytes, chars, out _, out var length, replaceInvalidSequences: false, isFinalBlock: !mayBeCut)
            is OperationStatus.Done
                or OperationStatus.NeedMoreData
            ? length
            : Encoding.Latin1.GetChars(bytes, chars);
}
