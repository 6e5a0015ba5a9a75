using System.Globalization;

namespace CiliumDebugging.Datapath.Policies;

internal sealed partial class Re2Translation
{
    /// <summary><c>\d</c>, <c>\pL</c>, <c>\p{Greek}</c> and the like; null for any other escape.</summary>
    private Re2Set? EscapedClass()
    {
        int start = _at;
        if (Current != '\\' || _at + 1 >= _pattern.Length)
            return null;
        char letter = _pattern[_at + 1];
        if (letter is 'd' or 's' or 'w' or 'D' or 'S' or 'W')
        {
            _at += 2;
            return Signed(Re2Set.Group(char.ToLowerInvariant(letter).ToString())!, char.IsAsciiLetterUpper(letter));
        }
        if (letter is not ('p' or 'P'))
            return null;
        _at += 2;
        string name = "";
        if (Current == '{')
        {
            int end = _pattern.IndexOf('}', _at);
            name = end < 0 ? "" : _pattern[(_at + 1)..end];
            _at = end < 0 ? _pattern.Length : end + 1;
        }
        else if (!AtEnd)
            name = char.ConvertFromUtf32(Rune());
        bool isNegated = letter == 'P' ^ name.StartsWith('^');
        return Re2Unicode.Find(name.StartsWith('^') ? name[1..] : name) is { } set
            ? Signed(set, isNegated)
            : throw new FormatException($"invalid character class range: `{_pattern[start.._at]}`");
    }

    private Re2Set Signed(Re2Set set, bool isNegated)
    {
        Re2Set folded = _flags.HasFlag(Flags.FoldCase) ? set.Folded() : set;
        return isNegated ? folded.Negated() : folded;
    }

    private int EscapedRune()
    {
        int start = _at++;
        if (AtEnd)
            throw new FormatException("trailing backslash at end of expression: ``");
        int c = Rune();
        bool isOctal = c == '0' || (c is >= '1' and <= '7' && Current is >= '0' and <= '7');
        if (isOctal)
        {
            int value = c - '0';
            for (int i = 1; i < 3 && Current is >= '0' and <= '7'; i++)
                value = value * 8 + (_pattern[_at++] - '0');
            return value;
        }
        int? rune = c switch
        {
            'x' => Hex(),
            'a' => 7,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            < 128 when !char.IsAsciiLetterOrDigit((char)c) => c,
            _ => null,
        };
        return rune ?? throw new FormatException($"invalid escape sequence: `{_pattern[start.._at]}`");
    }

    private int? Hex()
    {
        bool isBraced = Current == '{';
        int digits = _at + (isBraced ? 1 : 0);
        int end = isBraced ? _pattern.IndexOf('}', digits) : digits + 2;
        if (end < 0 || end > _pattern.Length || end == digits)
            return null;
        string text = _pattern[digits..end].TrimStart('0');
        if (text.Length > 6 || !_pattern[digits..end].All(char.IsAsciiHexDigit))
            return null;
        _at = isBraced ? end + 1 : end;
        int value = text.Length == 0 ? 0 : int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return value <= Re2Set.Last ? value : null;
    }

    private Re2Set Class()
    {
        int start = _at++;
        bool isNegated = Current == '^';
        if (isNegated)
            _at++;
        var set = new Re2Set();
        for (bool isFirst = true; isFirst || Current != ']' || AtEnd; isFirst = false)
        {
            if (NamedClass() is { } named)
                set.Add(named);
            else if (EscapedClass() is { } escaped)
                set.Add(escaped);
            else
                Range(set, start);
        }
        _at++;
        return isNegated ? set.Negated() : set;
    }

    private void Range(Re2Set set, int start)
    {
        int from = _at;
        int first = Member(start);
        int last = first;
        if (Current == '-' && _at + 1 < _pattern.Length && _pattern[_at + 1] != ']')
        {
            _at++;
            last = Member(start);
            if (last < first)
                throw new FormatException($"invalid character class range: `{_pattern[from.._at]}`");
        }
        var range = new Re2Set().Add(first, last);
        set.Add(_flags.HasFlag(Flags.FoldCase) ? range.Folded() : range);
    }

    private int Member(int start)
    {
        if (AtEnd)
            throw new FormatException($"missing closing ]: `{_pattern[start..]}`");
        return Current == '\\' ? EscapedRune() : Rune();
    }

    /// <summary><c>[:alpha:]</c> or <c>[:^alpha:]</c>; null where there is none.</summary>
    private Re2Set? NamedClass()
    {
        if (string.CompareOrdinal(_pattern, _at, "[:", 0, 2) != 0)
            return null;
        int end = _pattern.IndexOf(":]", _at + 2, StringComparison.Ordinal);
        if (end < 0)
            return null;
        string name = _pattern[_at..(end + 2)];
        bool isNegated = name[2] == '^';
        _at = end + 2;
        return Re2Set.Group(isNegated ? name.Remove(2, 1) : name) is { } set
            ? Signed(set, isNegated)
            : throw new FormatException($"invalid character class range: `{name}`");
    }
}
