using System.Text;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>What a pattern means: from a place in a text to the places where a match can end.</summary>
internal sealed class Re2Meaning(Func<string, int, IEnumerable<int>> ends)
{
    public bool MatchesWhole(string text) => Ends(text, 0).Contains(text.Length);

    public HashSet<int> Ends(string text, int start) => [.. ends(text, start)];

    public static Re2Meaning Empty { get; } = new((_, start) => [start]);

    public static Re2Meaning One(Func<char, bool> holds) =>
        new((text, start) => start < text.Length && holds(text[start]) ? [start + 1] : []);

    public static Re2Meaning At(Func<string, int, bool> holds) =>
        new((text, start) => holds(text, start) ? [start] : []);

    public Re2Meaning Then(Re2Meaning next) =>
        new((text, start) => Ends(text, start).SelectMany(end => next.Ends(text, end)));

    public Re2Meaning Or(Re2Meaning other) => new((text, start) => Ends(text, start).Union(other.Ends(text, start)));

    /// <summary>Between <paramref name="min"/> and <paramref name="max"/> times; -1 for no end.</summary>
    public Re2Meaning Repeated(int min, int max) =>
        new(
            (text, start) =>
            {
                HashSet<int> found = min == 0 ? [start] : [];
                HashSet<int> reached = [start];
                int most = max < 0 ? min + text.Length + 1 : max;
                for (int i = 1; i <= most; i++)
                {
                    reached = [.. reached.SelectMany(end => Ends(text, end))];
                    if (i >= min)
                        found.UnionWith(reached);
                }
                return found;
            }
        );
}

/// <summary>Random patterns in RE2's syntax with what they mean, made side by side.</summary>
internal sealed class RandomRe2(int seed)
{
    private const string Alphabet = "abAB01_- .\n";

    private static readonly (string Text, Func<char, bool> Holds)[] s_classes =
    [
        (@"\d", char.IsAsciiDigit),
        (@"\D", c => !char.IsAsciiDigit(c)),
        (@"\w", IsWord),
        (@"\W", c => !IsWord(c)),
        (@"\s", IsSpace),
        (@"\S", c => !IsSpace(c)),
        (@"\pL", char.IsAsciiLetter),
        (@"\P{L}", c => !char.IsAsciiLetter(c)),
        (@"\p{Nd}", char.IsAsciiDigit),
        (@"\p{^Latin}", c => !char.IsAsciiLetter(c)),
        (@"\pZ", c => c == ' '),
        (@"\p{Greek}", _ => false),
    ];

    private static readonly (string Text, Func<char, bool> Holds)[] s_named =
    [
        ("[:alpha:]", char.IsAsciiLetter),
        ("[:^alnum:]", c => !char.IsAsciiLetterOrDigit(c)),
        ("[:blank:]", c => c is ' ' or '\t'),
        ("[:word:]", IsWord),
        ("[:punct:]", c => char.IsAscii(c) && (char.IsPunctuation(c) || char.IsSymbol(c))),
        ("[:cntrl:]", char.IsControl),
    ];

    private readonly Random _random = new(seed);

    public string Text() =>
        new([.. Enumerable.Range(0, _random.Next(6)).Select(_ => Alphabet[_random.Next(Alphabet.Length)])]);

    public Re2Meaning Pattern(out string text)
    {
        var written = new StringBuilder();
        Re2Meaning meaning = Alternatives(3, default, written);
        text = written.ToString();
        return meaning;
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private static bool IsSpace(char c) => c is ' ' or '\t' or '\n' or '\f' or '\r';

    private Re2Meaning Alternatives(int depth, Options options, StringBuilder text)
    {
        Re2Meaning? meaning = null;
        for (int count = _random.Next(3) == 0 ? 2 : 1; count > 0; count--)
        {
            if (meaning is not null)
                text.Append('|');
            Re2Meaning branch = Re2Meaning.Empty;
            for (int parts = _random.Next(4); parts > 0; parts--)
                branch = branch.Then(Repeated(depth, options, text));
            meaning = meaning?.Or(branch) ?? branch;
        }
        return meaning!;
    }

    private Re2Meaning Repeated(int depth, Options options, StringBuilder text)
    {
        Re2Meaning part = Part(depth, options, text);
        (string Sign, int Min, int Max)? repeat = _random.Next(14) switch
        {
            0 => ("*", 0, -1),
            1 => ("+", 1, -1),
            2 => ("?", 0, 1),
            3 => ("{2}", 2, 2),
            4 => ("{0,2}", 0, 2),
            5 => ("{1,}", 1, -1),
            _ => null,
        };
        if (repeat is not { } given)
            return part;
        text.Append(given.Sign).Append(_random.Next(3) == 0 ? "?" : "");
        return part.Repeated(given.Min, given.Max);
    }

    private Re2Meaning Part(int depth, Options options, StringBuilder text)
    {
        switch (_random.Next(depth > 0 ? 12 : 9))
        {
            case 0:
                text.Append('.');
                return Re2Meaning.One(c => options.DotNewline || c != '\n');
            case 1:
                return Assertion(options, text);
            case 2:
                (string written, Func<char, bool> holds) = s_classes[_random.Next(s_classes.Length)];
                text.Append(written);
                return Re2Meaning.One(holds);
            case 3 or 4:
                return Class(options, text);
            case >= 9:
                return Group(depth, options, text);
            default:
                char literal = Alphabet[_random.Next(Alphabet.Length)];
                text.Append(Written(literal));
                return Re2Meaning.One(c => Same(c, literal, options));
        }
    }

    private string Written(char literal) =>
        _random.Next(5) switch
        {
            0 => $@"\x{(int)literal:X2}",
            1 => $@"\x{{{(int)literal:x}}}",
            2 => $@"\Q{literal}\E",
            3 => $@"\{Convert.ToString(literal, 8).PadLeft(3, '0')}",
            _ => literal == '.' ? @"\." : literal.ToString(),
        };

    private static bool Same(char one, char other, Options options) =>
        options.FoldCase ? char.ToLowerInvariant(one) == char.ToLowerInvariant(other) : one == other;

    private Re2Meaning Assertion(Options options, StringBuilder text)
    {
        static bool IsBoundary(string s, int at) => (at > 0 && IsWord(s[at - 1])) != (at < s.Length && IsWord(s[at]));
        (string written, Func<string, int, bool> holds) = _random.Next(5) switch
        {
            0 => ("^", (s, at) => at == 0 || (options.Multiline && s[at - 1] == '\n')),
            1 => ("$", (s, at) => at == s.Length || (options.Multiline && s[at] == '\n')),
            2 => (@"\A", (_, at) => at == 0),
            3 => (@"\b", IsBoundary),
            _ => ((string, Func<string, int, bool>))(@"\B", (s, at) => !IsBoundary(s, at)),
        };
        text.Append(written);
        return Re2Meaning.At(holds);
    }

    private Re2Meaning Class(Options options, StringBuilder text)
    {
        bool isNegated = _random.Next(3) == 0;
        text.Append(isNegated ? "[^" : "[");
        List<Func<char, bool>> members = [];
        for (int count = _random.Next(1, 4); count > 0; count--)
        {
            switch (_random.Next(4))
            {
                case 0:
                    (string written, Func<char, bool> holds) = s_classes[_random.Next(s_classes.Length)];
                    text.Append(written);
                    members.Add(holds);
                    break;
                case 1:
                    (string name, Func<char, bool> named) = s_named[_random.Next(s_named.Length)];
                    text.Append(name);
                    members.Add(named);
                    break;
                case 2:
                    text.Append("A-a");
                    members.Add(c =>
                        c is >= 'A' and <= 'a' || (options.FoldCase && char.ToUpperInvariant(c) is >= 'A' and <= 'Z')
                    );
                    break;
                default:
                    char literal = "abAB01_."[_random.Next(8)];
                    text.Append(literal);
                    members.Add(c => Same(c, literal, options));
                    break;
            }
        }
        text.Append(']');
        return Re2Meaning.One(c => isNegated != members.Exists(m => m(c)));
    }

    private Re2Meaning Group(int depth, Options options, StringBuilder text)
    {
        Options inside = options;
        switch (_random.Next(7))
        {
            case 0:
                text.Append("(?P<n>");
                break;
            case 1:
                text.Append("(?i:");
                inside = options with { FoldCase = true };
                break;
            case 2:
                text.Append("(?s-i:");
                inside = options with { FoldCase = false, DotNewline = true };
                break;
            case 3:
                text.Append("(?m-s:");
                inside = options with { DotNewline = false, Multiline = true };
                break;
            case 4:
                text.Append("((?Ui)");
                inside = options with { FoldCase = true };
                break;
            case 5:
                text.Append("(?:");
                break;
            default:
                text.Append('(');
                break;
        }
        Re2Meaning meaning = Alternatives(depth - 1, inside, text);
        text.Append(')');
        return meaning;
    }

    private readonly record struct Options(bool FoldCase, bool Multiline, bool DotNewline);
}
