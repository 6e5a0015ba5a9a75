using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace CiliumDebugging.Datapath.Policies;

/// <summary>A set of characters of a pattern. Characters beyond U+FFFF are left out: none is in a request.</summary>
internal sealed class Re2Set
{
    /// <summary>The highest character that a pattern can name.</summary>
    public const int Last = 0x10FFFF;

    /// <summary>Groups with brackets ([:alpha:]) and without (\d), of ASCII alone.</summary>
    private static readonly FrozenDictionary<string, Re2Set> s_groups = new Dictionary<string, string>
    {
        ["[:alnum:]"] = "09AZaz",
        ["[:alpha:]"] = "AZaz",
        ["[:ascii:]"] = "\0\x7F",
        ["[:blank:]"] = "\t\t  ",
        ["[:cntrl:]"] = "\0\x1F\x7F\x7F",
        ["[:digit:]"] = "09",
        ["[:graph:]"] = "!~",
        ["[:lower:]"] = "az",
        ["[:print:]"] = " ~",
        ["[:punct:]"] = "!/:@[`{~",
        ["[:space:]"] = "\t\r  ",
        ["[:upper:]"] = "AZ",
        ["[:word:]"] = "09AZ__az",
        ["[:xdigit:]"] = "09AFaf",
        ["d"] = "09",
        ["s"] = "\t\n\f\r  ",
        ["w"] = "09AZ__az",
    }.ToFrozenDictionary(g => g.Key, g => Of(g.Value), StringComparer.Ordinal);

    /// <summary>What else a character matches when case is ignored, by character.</summary>
    private static readonly Lazy<(char From, char To)[]> s_folds = new(Folds);

    private readonly List<(int First, int Last)> _ranges = [];

    public Re2Set Add(int first, int last)
    {
        _ranges.Add((first, last));
        return this;
    }

    public Re2Set Add(Re2Set other)
    {
        _ranges.AddRange(other._ranges);
        return this;
    }

    /// <summary>A group by its name; null: there is none.</summary>
    public static Re2Set? Group(string name) => s_groups.GetValueOrDefault(name);

    /// <summary>The characters for which a test holds.</summary>
    public static Re2Set Where(Func<char, bool> holds)
    {
        var set = new Re2Set();
        for (int first = 0; first <= char.MaxValue; first++)
        {
            if (!holds((char)first))
                continue;
            int last = first;
            while (last < char.MaxValue && holds((char)(last + 1)))
                last++;
            set.Add(first, last);
            first = last;
        }
        return set;
    }

    /// <summary>With all that is the same when case is ignored.</summary>
    public Re2Set Folded()
    {
        var folded = new Re2Set().Add(this);
        (char From, char To)[] folds = s_folds.Value;
        foreach ((int first, int last) in _ranges)
        {
            int at = Array.BinarySearch(folds, ((char)Math.Min(first, char.MaxValue), '\0'));
            for (at = at < 0 ? ~at : at; at < folds.Length && folds[at].From <= last; at++)
                folded.Add(folds[at].To, folds[at].To);
        }
        return folded;
    }

    public Re2Set Negated()
    {
        var negated = new Re2Set();
        int next = 0;
        foreach ((int first, int last) in _ranges.Order())
        {
            if (first > next)
                negated.Add(next, first - 1);
            next = Math.Max(next, last + 1);
        }
        return next > Last ? negated : negated.Add(next, Last);
    }

    /// <summary>The set as a class of .NET's regular expressions.</summary>
    public override string ToString()
    {
        var text = new StringBuilder("[");
        int next = 0;
        foreach ((int first, int last) in _ranges.Order())
        {
            int from = Math.Max(first, next);
            int to = Math.Min(last, char.MaxValue);
            if (from > to)
                continue;
            text.Append(CultureInfo.InvariantCulture, $@"\u{from:X4}-\u{to:X4}");
            next = to + 1;
        }
        return text.Length == 1 ? @"[^\u0000-\uFFFF]" : text.Append(']').ToString();
    }

    /// <summary>Of pairs of first and last characters.</summary>
    private static Re2Set Of(string pairs)
    {
        var set = new Re2Set();
        for (int i = 0; i < pairs.Length; i += 2)
            set.Add(pairs[i], pairs[i + 1]);
        return set;
    }

    private static (char From, char To)[] Folds()
    {
        // .NET's simple case mapping, without the dotted and the dotless i, and with what it leaves out.
        Dictionary<char, SortedSet<char>> orbits = [];
        for (int c = 0; c <= char.MaxValue; c++)
        {
            char from = (char)c;
            if (from is not ('\u0130' or '\u0131'))
                Join(orbits, from, char.ToUpperInvariant(from));
        }
        Join(orbits, '\u017F', 'S');
        Join(orbits, '\u212A', 'K');
        Join(orbits, '\u212B', '\u00C5');
        return [.. orbits.SelectMany(o => o.Value.Where(to => to != o.Key).Select(to => (o.Key, to))).Order()];
    }

    private static void Join(Dictionary<char, SortedSet<char>> orbits, char one, char other)
    {
        if (one == other)
            return;
        SortedSet<char> joined = orbits.GetValueOrDefault(one, []);
        joined.UnionWith(orbits.GetValueOrDefault(other, []));
        joined.UnionWith([one, other]);
        foreach (char member in joined)
            orbits[member] = joined;
    }
}
