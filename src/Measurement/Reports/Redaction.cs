using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CiliumDebugging.Measurement.Reports.Document;

namespace CiliumDebugging.Measurement.Reports;

/// <summary>
/// A report for people who must not know the cluster. It is built from what is allowed: numbers, versions of Cilium and
/// Kubernetes, links to known bugs, and the words of this program's own sentences. Names of Pods, namespaces, nodes,
/// Services and workloads become names that say what they were (<c>pod-1</c>, <c>node-2</c>), the same everywhere in
/// the report; whatever else is text becomes <c>(redacted)</c>, and times of day are left out.
/// </summary>
public static partial class Redaction
{
    private const string Hidden = "(redacted)";

    /// <summary>Longest run of digits that is a number and not an account's.</summary>
    private const int MaxDigits = 10;

    /// <summary>Values of Cilium's settings that say nothing of the cluster.</summary>
    private static readonly ImmutableHashSet<string> s_values = ImmutableHashSet.Create(
        StringComparer.OrdinalIgnoreCase,
        (
            "true false disabled enabled vxlan geneve native tunnel always never default kvstore crd kubernetes "
            + "cluster-pool eni azure strict partial probe snat dsr hybrid random maglev iptables ipvs none shared "
            + "per-node medium maximum"
        ).Split(' ')
    );

    /// <summary>
    /// The words of this program's sentences, the keys of Cilium's settings that it knows, and the links of its
    /// diagnoses.
    /// </summary>
    private static readonly FrozenSet<string> s_words = ReadWords();

    private static readonly Dictionary<string, string> s_noNames = [];

    /// <summary>The same report without names.</summary>
    /// <param name="document">The report.</param>
    /// <param name="nodes">Nodes that only its sentences name.</param>
    public static ReportDocument Apply(ReportDocument document, IEnumerable<string>? nodes = null)
    {
        ArgumentNullException.ThrowIfNull(document);
        var names = Names(document, nodes ?? []);
        var safe = document with
        {
            Redacted = true,
            StartedAt = DateTimeOffset.UnixEpoch,
            Policies = [],
            Command = null,
        };
        var tree = JsonNode.Parse(ReportJson.Write(safe))!;
        return ReportJson.Parse(Replace(tree, "", "", names)!.ToJsonString());
    }

    /// <summary>Every name that the report's fields of names have.</summary>
    private static Dictionary<string, string> Names(ReportDocument document, IEnumerable<string> nodes)
    {
        Dictionary<string, string> aliases = new(StringComparer.Ordinal);
        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        void Add(string kind, string? name)
        {
            if (string.IsNullOrWhiteSpace(name) || name.StartsWith('(') || aliases.ContainsKey(name))
                return;
            numbers[kind] = numbers.GetValueOrDefault(kind) + 1;
            aliases[name] = string.Create(CultureInfo.InvariantCulture, $"{kind}-{numbers[kind]}");
        }
        foreach (var pod in document.Phases.SelectMany(p => p.Pods))
        {
            Add("node", pod.Node);
            Add("pod", pod.Name);
            Add("namespace", pod.Namespace);
        }
        foreach (var row in document.Phases.SelectMany(p => p.ClientNodes))
        {
            Add("node", row.Node);
            foreach (var pod in row.ByPod.Keys)
                Add("pod", pod);
        }
        Add("node", document.Cluster.ClientNode);
        foreach (var node in nodes)
            Add("node", node);
        foreach (var full in document.Series.Pods.Select(p => p.Pod).Append(document.Cluster.ClientPod.Split(' ')[0]))
        {
            var parts = full.Split('/');
            Add("pod", parts[^1]);
            if (parts.Length == 2)
                Add("namespace", parts[0]);
        }
        if (Uri.TryCreate(document.Load.Url, UriKind.Absolute, out var url) && !IPAddress.TryParse(url.Host, out _))
        {
            var parts = url.Host.Split('.');
            Add("service", parts[0]);
            if (parts.Length > 1)
                Add("namespace", parts[1]);
        }
        return aliases;
    }

    /// <summary>The tree without anything that is not allowed.</summary>
    /// <param name="node">A part of the report.</param>
    /// <param name="parent">The field that has the object which has the field.</param>
    /// <param name="field">The field that has it, perhaps in a list.</param>
    /// <param name="names">What names become.</param>
    private static JsonNode? Replace(JsonNode? node, string parent, string field, Dictionary<string, string> names) =>
        node switch
        {
            JsonObject map when field == "settings" => Settings(map),
            JsonObject map => Fields(map, field, names),
            JsonArray list when field == "links" => new JsonArray([
                .. list.Select(l => (string?)l).Where(IsKnownLink).Select(l => JsonValue.Create(l)),
            ]),
            JsonArray list => new JsonArray([.. list.Select(item => Replace(item, parent, field, names))]),
            JsonValue value when value.TryGetValue<string>(out var text) => JsonValue.Create(
                Field(parent, field, text, names)
            ),
            _ => node?.DeepClone(),
        };

    /// <summary>
    /// Field names are the schema's, except in the maps that have Pods or kinds of failures for keys.
    /// </summary>
    private static JsonObject Fields(JsonObject map, string field, Dictionary<string, string> names)
    {
        var safe = new JsonObject();
        foreach (var (key, value) in map)
        {
            var first = field switch
            {
                "byPod" => Name(key, names),
                "unanswered" => Text(key, s_noNames),
                _ => key,
            };
            var name = first;
            for (var n = 2; safe.ContainsKey(name); n++)
                name = string.Create(CultureInfo.InvariantCulture, $"{first} {n}");
            safe[name] = Replace(value, field, key, names);
        }
        return safe;
    }

    private static string Field(string parent, string field, string text, Dictionary<string, string> names) =>
        (parent, field) switch
        {
            (_, "schema") => ReportDocument.SchemaName,
            (_, "startedAt") => text,
            (_, "source") => IsKnownLink(text) ? text : "",
            (_, "url") => Url(text, names),
            (_, "kubernetes" or "kubelet") => Release().Match(text) is { Success: true, Value: var release }
                ? release
                : Text(text, names),
            // The schema's own words: a name of the cluster may be one of them.
            (_, "kind" or "end" or "evidence" or "selectionSource" or "ports" or "left" or "right")
            or ("scenario" or "phases" or "diagnosis", "name") => Text(text, s_noNames),
            ("pods", "name") or (_, "namespace" or "node" or "clientNode" or "clientPod" or "pod") => Name(text, names),
            _ => Text(text, names),
        };

    /// <summary>A field that has a name, or a namespace and a name: whatever they are, they are replaced.</summary>
    private static string Name(string text, Dictionary<string, string> names)
    {
        var parts = text.Split('/');
        return parts.All(names.ContainsKey) ? string.Join('/', parts.Select(p => names[p])) : Text(text, names);
    }

    private static JsonObject Settings(JsonObject settings)
    {
        var safe = new JsonObject();
        foreach (var (key, value) in settings)
            if (s_words.Contains(key))
                safe[key] = IsHarmless((string?)value ?? "") ? (string?)value : Hidden;
        return safe;
    }

    /// <summary>Path and query are whatever somebody wrote.</summary>
    private static string Url(string text, Dictionary<string, string> names)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            return text.Length == 0 ? "" : Hidden;
        var host = IPAddress.TryParse(url.Host.Trim('[', ']'), out _)
            ? "address"
            : string.Join('.', url.Host.Split('.').Take(2).Select(part => names.GetValueOrDefault(part, "name")));
        var port = url.IsDefaultPort ? "" : string.Create(CultureInfo.InvariantCulture, $":{url.Port}");
        return $"{url.Scheme}://{host}{port}/";
    }

    /// <summary>
    /// A sentence of its allowed words; spaces and punctuation stay. The program's own words stay whatever the cluster's
    /// objects are called: a sentence does not show whether such a word is a name, and replacing it would reveal that it
    /// is one.
    /// </summary>
    private static string Text(string text, Dictionary<string, string> names) =>
        Token()
            .Replace(text, token => Word(token.Value, names))
            .Replace($"{Hidden} {Hidden}", Hidden, StringComparison.Ordinal);

    private static string Word(string word, Dictionary<string, string> names)
    {
        // A sign alone, as in a = b, names nothing; a first dot may belong to the word, as in .NET.
        if (word.All(c => char.IsPunctuation(c) || char.IsSymbol(c)) || s_words.Contains(word.ToLowerInvariant()))
            return word;
        var core = word.Trim('.', '-', '/', ':', '\'', '’', '@');
        if (core.Length == 0)
            return word;
        var at = word.IndexOf(core, StringComparison.Ordinal);
        return word[..at] + Core(core, names) + word[(at + core.Length)..];
    }

    private static string Core(string core, Dictionary<string, string> names)
    {
        bool IsName(string word) => names.ContainsKey(word) && !s_words.Contains(word);
        if (IsName(core))
            return names[core];
        if (IsAllowed(core))
            return core;
        // A namespace and a name, of which one may be a word.
        var parts = core.Split('/');
        return parts.Length == 1 || !parts.All(p => names.ContainsKey(p) || IsAllowed(p)) ? Hidden
            : parts.Any(IsName) ? string.Join('/', parts.Select(p => names.GetValueOrDefault(p, p)))
            : core;
    }

    private static bool IsAllowed(string word) =>
        word.Length > 0
        && (
            s_words.Contains(word.ToLowerInvariant())
            || (Number().IsMatch(word) && word.Count(char.IsAsciiDigit) <= MaxDigits)
            || Issue().IsMatch(word)
        );

    private static bool IsKnownLink(string? link) => link is not null && s_words.Contains(link);

    private static bool IsHarmless(string value) =>
        value.Length == 0
        || s_values.Contains(value)
        || (value.Length <= MaxDigits && (Number().IsMatch(value) || Duration().IsMatch(value)));

    private static FrozenSet<string> ReadWords()
    {
        using var stream = typeof(Redaction).Assembly.GetManifestResourceStream("redaction-words.txt")!;
        using var reader = new StreamReader(stream);
        return reader
            .ReadToEnd()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ToFrozenSet(StringComparer.Ordinal);
    }

    /// <summary>Letters, digits and what joins them to a name.</summary>
    [GeneratedRegex(@"[\p{L}\p{M}\p{N}_\-./:@'’\\=?&#$!*{}^`~]+", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    /// <summary>A number or a version with at most three dots that is not an address, with a unit of this program's.
    /// </summary>
    [GeneratedRegex(
        @"^v?\d+(?:[.,]\d+){0,2}(?:E[-+]?\d{1,3})?(?:ns|us|µs|ms|s|m|h|/s|xx|s-?)?$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Number();

    /// <summary>The release of Kubernetes in a version; what a provider adds says who it is.</summary>
    [GeneratedRegex(@"^v?\d{1,3}\.\d{1,3}\.\d{1,3}(?!\d|\.\d)", RegexOptions.CultureInvariant)]
    private static partial Regex Release();

    [GeneratedRegex(@"^cilium/cilium(?:#\d{1,6}|@[0-9a-f]{7,12})$", RegexOptions.CultureInvariant)]
    private static partial Regex Issue();

    [GeneratedRegex(@"^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$", RegexOptions.CultureInvariant)]
    private static partial Regex Duration();
}
