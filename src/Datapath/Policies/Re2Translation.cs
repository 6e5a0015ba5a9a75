using System.Globalization;
using System.Text;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>Reads a pattern in the syntax that Go's regexp and Envoy's RE2 share, refuses what Go refuses, and writes it
/// in .NET's syntax with the same meaning for a match of the whole text. Laziness and names of groups are left out: they
/// change nothing there.</summary>
internal sealed partial class Re2Translation
{
    private const int MaxRepeat = 1000;
    private const int MaxHeight = 1000;

    private readonly string _pattern;
    private readonly Stack<Group> _groups = new();
    private Flags _flags;
    private int _at;

    private Re2Translation(string pattern) => _pattern = pattern;

    [Flags]
    private enum Flags
    {
        None = 0,
        FoldCase = 1,
        Multiline = 2,
        DotNewline = 4,
    }

    /// <summary>Translates a pattern.</summary>
    /// <returns>The alternatives, one of which must match, or what Go finds wrong.</returns>
    public static (IReadOnlyList<string>? Alternatives, string? Problem) Of(string pattern)
    {
        try
        {
            return (new Re2Translation(pattern).Read(), null);
        }
        catch (FormatException exception)
        {
            return (null, exception.Message);
        }
    }

    private bool AtEnd => _at >= _pattern.Length;

    private char Current => AtEnd ? '\0' : _pattern[_at];

    private List<string> Read()
    {
        _groups.Push(new Group(_flags, false));
        bool afterRepeat = false;
        while (!AtEnd)
        {
            bool isRepeat = false;
            switch (Current)
            {
                case '(':
                    Open();
                    break;
                case ')':
                    Close();
                    break;
                case '|':
                    _groups.Peek().EndBranch();
                    _at++;
                    break;
                case '*' or '+' or '?':
                    Repeat(Current.ToString(), _at++, afterRepeat, null);
                    isRepeat = true;
                    break;
                case '{' when Counts() is { } counts:
                    Repeat(counts.Text, counts.Start, afterRepeat, counts);
                    isRepeat = true;
                    break;
                case '[':
                    Push(Class().ToString());
                    break;
                case '\\':
                    Escape();
                    break;
                case '^':
                    Push(_flags.HasFlag(Flags.Multiline) ? "(?m:^)" : @"\A");
                    _at++;
                    break;
                case '$':
                    Push(_flags.HasFlag(Flags.Multiline) ? "(?m:$)" : @"\z");
                    _at++;
                    break;
                case '.':
                    Push(_flags.HasFlag(Flags.DotNewline) ? @"[\u0000-\uFFFF]" : @"[^\n]");
                    _at++;
                    break;
                default:
                    Literal(Rune());
                    break;
            }
            afterRepeat = isRepeat;
        }
        if (_groups.Count > 1)
            throw new FormatException($"missing closing ): `{_pattern}`");
        _groups.Peek().EndBranch();
        return [.. _groups.Peek().Branches.Select(b => b.Text)];
    }

    private void Push(string text) => _groups.Peek().Add(new Piece(text, 1, 0));

    private void Literal(int rune)
    {
        if (_flags.HasFlag(Flags.FoldCase))
            Push(new Re2Set().Add(rune, rune).Folded().ToString());
        else if (rune > char.MaxValue)
            Push($"(?:{string.Concat(char.ConvertFromUtf32(rune).Select(Unit))})");
        else
            Push(Unit((char)rune));
    }

    private static string Unit(char unit) =>
        char.IsAsciiLetterOrDigit(unit) || unit == '/'
            ? unit.ToString()
            : string.Create(CultureInfo.InvariantCulture, $@"\u{(int)unit:X4}");

    /// <summary>The next character, a pair of surrogates as one.</summary>
    private int Rune()
    {
        if (!System.Text.Rune.TryGetRuneAt(_pattern, _at, out Rune rune))
            throw new FormatException("invalid UTF-8");
        _at += rune.Utf16SequenceLength;
        return rune.Value;
    }

    private void Open()
    {
        int start = _at++;
        if (Current != '?')
        {
            _groups.Push(new Group(_flags, true));
            return;
        }
        int named =
            string.CompareOrdinal(_pattern, start, "(?P<", 0, 4) == 0 && _pattern.Length > start + 4 ? 4
            : string.CompareOrdinal(_pattern, start, "(?<", 0, 3) == 0 && _pattern.Length > start + 3 ? 3
            : 0;
        if (named == 0)
        {
            Options(start);
            return;
        }
        int end = _pattern.IndexOf('>', start);
        string name = end < 0 ? "" : _pattern[(start + named)..end];
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            throw new FormatException($"invalid named capture: `{_pattern[start..(end < 0 ? ^0 : end + 1)]}`");
        _at = end + 1;
        _groups.Push(new Group(_flags, true));
    }

    /// <summary><c>(?flags)</c> and <c>(?flags:</c>. U makes repetitions lazy, which changes nothing here.</summary>
    private void Options(int start)
    {
        Flags flags = _flags;
        bool isClearing = false;
        bool any = true;
        for (_at++; !AtEnd; _at++)
        {
            Flags? flag = Current switch
            {
                'i' => Flags.FoldCase,
                'm' => Flags.Multiline,
                's' => Flags.DotNewline,
                'U' => Flags.None,
                _ => null,
            };
            if (flag is { } given)
            {
                flags = isClearing ? flags & ~given : flags | given;
                any = true;
            }
            else if (Current == '-' && !isClearing)
                (isClearing, any) = (true, false);
            else if (Current is ':' or ')' && any)
            {
                if (Current == ':')
                    _groups.Push(new Group(_flags, false));
                _flags = flags;
                _at++;
                return;
            }
            else
                break;
        }
        throw new FormatException(
            $"invalid or unsupported Perl syntax: `{_pattern[start..Math.Min(_at + 1, _pattern.Length)]}`"
        );
    }

    private void Close()
    {
        if (_groups.Count == 1)
            throw new FormatException($"unexpected ): `{_pattern}`");
        _at++;
        Group group = _groups.Pop();
        _flags = group.Outer;
        Piece whole = group.Whole();
        _groups
            .Peek()
            .Add(whole with { Text = $"(?:{whole.Text})", Height = whole.Height + (group.IsCapture ? 1 : 0) });
    }

    /// <summary>Repeats the piece before. A count of counts is limited, too.</summary>
    private void Repeat(string text, int start, bool afterRepeat, (int Min, int Max, int Start, string Text)? counts)
    {
        if (Current == '?')
            _at++;
        string given = _pattern[start.._at];
        if (afterRepeat)
            throw new FormatException($"invalid nested repetition operator: `{given}`");
        if (_groups.Peek().TakeLast() is not { } last)
            throw new FormatException($"missing argument to repetition operator: `{given}`");
        int repeats = last.Repeats;
        if (counts is { } c)
        {
            if (c.Min > MaxRepeat || c.Max > MaxRepeat || (c.Max >= 0 && c.Min > c.Max))
                throw new FormatException($"invalid repeat count: `{given}`");
            int times = c.Max < 0 ? c.Min : c.Max;
            repeats = c.Max == 0 ? 0 : Math.Max(times, Math.Max(times, 1) * repeats);
            if ((c.Min >= 2 || c.Max >= 2) && repeats > MaxRepeat)
                throw new FormatException($"invalid repeat count: `{given}`");
        }
        _groups.Peek().Add(new Piece($"(?:{last.Text}){text}", last.Height + 1, repeats));
    }

    /// <summary><c>{n}</c>, <c>{n,}</c> or <c>{n,m}</c>, with -1 for no end; anything else is literal text: null.</summary>
    private (int Min, int Max, int Start, string Text)? Counts()
    {
        int start = _at;
        int at = _at + 1;
        if (Number(ref at) is { } min)
        {
            int? max = min;
            if (at < _pattern.Length && _pattern[at] == ',')
                max = ++at < _pattern.Length && _pattern[at] == '}' ? -1 : Number(ref at);
            if (max is { } end && at < _pattern.Length && _pattern[at] == '}')
            {
                _at = at + 1;
                string text = end < 0 ? $"{{{min},}}" : $"{{{min},{end}}}";
                return (min, end, start, text);
            }
        }
        return null;
    }

    /// <summary>Digits without a leading zero.</summary>
    private int? Number(ref int at)
    {
        int start = at;
        while (at < _pattern.Length && char.IsAsciiDigit(_pattern[at]))
            at++;
        if (at == start || (at > start + 1 && _pattern[start] == '0'))
            return null;
        return int.TryParse(_pattern.AsSpan(start, at - start), CultureInfo.InvariantCulture, out int number)
            ? number
            : int.MaxValue;
    }

    private void Escape()
    {
        char next = _at + 1 < _pattern.Length ? _pattern[_at + 1] : '\0';
        if (next == 'Q')
        {
            _at += 2;
            int end = _pattern.IndexOf(@"\E", _at, StringComparison.Ordinal);
            int stop = end < 0 ? _pattern.Length : end;
            while (_at < stop)
                Literal(Rune());
            _at = end < 0 ? stop : end + 2;
            return;
        }
        if (next is 'A' or 'b' or 'B' or 'z')
        {
            Push($@"\{next}");
            _at += 2;
        }
        else if (EscapedClass() is { } set)
            Push(set.ToString());
        else
            Literal(EscapedRune());
    }

    /// <summary>A part that a repetition can follow.</summary>
    /// <param name="Text">In .NET's syntax.</param>
    /// <param name="Height">How deep it is nested.</param>
    /// <param name="Repeats">The product of the counts of nested repetitions.</param>
    private readonly record struct Piece(string Text, int Height, int Repeats);

    private sealed class Group(Flags outer, bool isCapture)
    {
        private readonly List<Piece> _branches = [];
        private List<Piece> _branch = [];

        public Flags Outer => outer;

        public bool IsCapture => isCapture;

        public IReadOnlyList<Piece> Branches => _branches;

        public void Add(Piece piece)
        {
            if (piece.Height > MaxHeight)
                throw new FormatException("expression nests too deeply");
            _branch.Add(piece);
        }

        public Piece? TakeLast()
        {
            if (_branch.Count == 0)
                return null;
            Piece last = _branch[^1];
            _branch.RemoveAt(_branch.Count - 1);
            return last;
        }

        public void EndBranch()
        {
            _branches.Add(Join(_branch, ""));
            _branch = [];
        }

        public Piece Whole()
        {
            EndBranch();
            return Join(_branches, "|");
        }

        private static Piece Join(List<Piece> pieces, string between) =>
            pieces.Count == 1
                ? pieces[0]
                : new Piece(
                    string.Join(between, pieces.Select(p => p.Text)),
                    pieces.Select(p => p.Height + 1).DefaultIfEmpty(1).Max(),
                    pieces.Select(p => p.Repeats).DefaultIfEmpty(0).Max()
                );
    }
}
