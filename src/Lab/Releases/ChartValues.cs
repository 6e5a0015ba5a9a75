using System.Collections.Immutable;
using System.Globalization;
using CiliumDebugging.Lab;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Lab.Releases;

/// <summary>
/// The values of Cilium's Helm chart, by release (chart-values.txt names its source). Helm silently ignores a value
/// that no template reads, and a run would measure something else than requested: here it is an error before anything
/// is created.
/// </summary>
public sealed class ChartValues
{
    private readonly record struct Range(CiliumVersion First, CiliumVersion Last);

    private sealed record Value(bool FreeForm, ImmutableArray<Range> Ranges)
    {
        public bool In(CiliumVersion release) => Ranges.Any(r => release >= r.First && release <= r.Last);
    }

    private static readonly Lazy<ChartValues> s_published = new(() => new ChartValues(ReadTable()));

    /// <summary>Renamed values and their replacements, for error messages.</summary>
    private static readonly Dictionary<string, string> s_renamed = new(StringComparer.Ordinal)
    {
        ["hostServices.enabled"] = "socketLB.enabled (since 1.12)",
        ["socketLB.enabled"] = "hostServices.enabled (before 1.12)",
        ["tunnel"] = "routingMode and tunnelProtocol (since 1.14)",
        ["routingMode"] = "tunnel (before 1.14)",
        ["tunnelProtocol"] = "tunnel (before 1.14)",
        ["nodePort.enabled"] = "kubeProxyReplacement=true, which is all or nothing since 1.19",
        ["externalIPs.enabled"] = "kubeProxyReplacement=true, which is all or nothing since 1.18",
        ["hostPort.enabled"] = "kubeProxyReplacement=true, which is all or nothing since 1.18",
    };

    private readonly SortedDictionary<string, Value> _values = new(StringComparer.Ordinal);

    private ChartValues(IEnumerable<string> lines)
    {
        var rows = lines.Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split(' ')).ToList();
        Releases = [.. rows.Where(r => r is ["release", _, _]).SelectMany(r => ReleasesOf(r[1], r[2])).Order()];
        foreach (var row in rows.Where(r => r.Length == 2))
            AddValue(row[0], row[1]);
    }

    /// <summary>The table of the published charts.</summary>
    public static ChartValues Published => s_published.Value;

    /// <summary>The releases of the table, oldest first.</summary>
    public ImmutableArray<CiliumVersion> Releases { get; }

    /// <summary>Whether a release's chart reads a value.</summary>
    public bool Knows(CiliumVersion release, string key) => Problem(release, key) is null;

    /// <summary>What is wrong with a value for a release; null: nothing.</summary>
    /// <param name="release">A release of <see cref="Releases"/>.</param>
    /// <param name="key">
    /// The value's path as in <c>--set</c>: <c>hubble.metrics.enabled[0]</c>, <c>nodeSelector.kubernetes\.io/os</c>.
    /// </param>
    public string? Problem(CiliumVersion release, string key)
    {
        var path = WithoutIndices(key);
        if (_values.TryGetValue(path, out var known) && known.In(release))
            return null;
        if (Prefixes(path).Any(p => _values.TryGetValue(p, out var above) && above.FreeForm && above.In(release)))
            return null;
        var below = _values
            .Keys.Where(k => k.StartsWith(path + ".", StringComparison.Ordinal) && _values[k].In(release))
            .Take(4)
            .ToList();
        if (below.Count > 0)
            return $"'{key}' is a group of values in Cilium {release}'s chart; "
                + $"set one of them, such as {string.Join(", ", below)}";
        var history = known is null
            ? "no release has had it"
            : $"{string.Join(" and ", known.Ranges.Select(Describe))} have it";
        return $"Cilium {release}'s chart has no value '{key}' ({history}){Advice(release, path)}";
    }

    private string Advice(CiliumVersion release, string path)
    {
        if (s_renamed.TryGetValue(path, out var renamed))
            return $"; it was replaced by {renamed}";
        var near = Spelling.Nearest(path, _values.Keys.Where(k => _values[k].In(release)), maxDistance: 3);
        return near is null ? "" : $"; did you mean {near}?";
    }

    private string Describe(Range range) =>
        range.Last == Releases[^1] ? $"{range.First} and later"
        : range.First == range.Last ? range.First.ToString()
        : $"{range.First} to {range.Last}";

    private static IEnumerable<CiliumVersion> ReleasesOf(string minor, string patches)
    {
        foreach (var part in patches.Split(','))
        {
            var ends = part.Split('-');
            for (var patch = Number(ends[0]); patch <= Number(ends[^1]); patch++)
                yield return new CiliumVersion(1, Number(minor[2..]), patch);
        }
    }

    /// <summary>Adds a row; a range without an end reaches to the newest release of the table.</summary>
    private void AddValue(string key, string ranges) =>
        _values.Add(key.TrimEnd('*'), new Value(key.EndsWith('*'), [.. ranges.Split(',').Select(RangeOf)]));

    private Range RangeOf(string text)
    {
        var ends = text.Split('-');
        return new Range(Version(ends[0]), ends is [_, ""] ? Releases[^1] : Version(ends[^1]));
    }

    private static CiliumVersion Version(string text) =>
        CiliumVersion.TryParse(text, out var version)
            ? version
            : throw new FormatException($"chart-values.txt: '{text}' is not a version");

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>The paths above a path, and itself. A dot after a backslash belongs to a name.</summary>
    private static IEnumerable<string> Prefixes(string path)
    {
        for (var i = 1; i < path.Length; i++)
            if (path[i] == '.' && path[i - 1] != '\\')
                yield return path[..i];
        yield return path;
    }

    private static string WithoutIndices(string key) =>
        key.IndexOf('[', StringComparison.Ordinal) is >= 0 and var bracket ? key[..bracket] : key;

    private static IEnumerable<string> ReadTable()
    {
        using var stream = typeof(ChartValues).Assembly.GetManifestResourceStream("chart-values.txt")
            ?? throw new InvalidOperationException("chart-values.txt is not in the assembly");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
            yield return line;
    }
}
