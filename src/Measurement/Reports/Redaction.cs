using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CiliumDebugging.Measurement.Reports.Document;

namespace CiliumDebugging.Measurement.Reports;

/// <summary>A report for people who must not know the cluster: names of Pods, namespaces, nodes, Services and hosts,
/// and all addresses, are replaced by names that say what they were (<c>pod-1</c>, <c>node-2</c>), the same everywhere
/// in the report. Numbers stay. Settings keep their keys, and values that are a number, a switch or a word of Cilium's
/// own vocabulary.</summary>
public static partial class Redaction
{
    /// <summary>Values of Cilium's settings that say nothing of the cluster.</summary>
    private static readonly ImmutableHashSet<string> s_words = ImmutableHashSet.Create(
        StringComparer.OrdinalIgnoreCase,
        (
            "true false disabled enabled vxlan geneve native tunnel always never default kvstore crd kubernetes "
            + "cluster-pool eni azure strict partial probe snat dsr hybrid random maglev iptables ipvs none shared "
            + "per-node medium maximum"
        ).Split(' ')
    );

    /// <summary>Fields whose text is the program's own: the schema, where known bugs are described, times,
    /// versions.</summary>
    private static readonly ImmutableHashSet<string> s_fixed = ImmutableHashSet.Create(
        StringComparer.Ordinal,
        "schema kind end source links startedAt environment ciliumVersion settings".Split(' ')
    );

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
            Environment = document.Environment with { System = OperatingSystem(document.Environment.System) },
            Cluster = document.Cluster with
            {
                Settings = document.Cluster.Settings.ToImmutableSortedDictionary(
                    s => s.Key,
                    s => IsHarmless(s.Value) ? s.Value : "(redacted)",
                    StringComparer.Ordinal
                ),
            },
        };
        var tree = JsonNode.Parse(ReportJson.Write(safe))!;
        return ReportJson.Read(Replace(tree, inNames: false, text => Text(text, names))!.ToJsonString());
    }

    /// <summary>Every name the report knows, longest first, so that a Pod's name goes before the Deployment's it begins
    /// with.</summary>
    private static List<(string Name, string Alias)> Names(ReportDocument document, IEnumerable<string> nodes)
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
            Add("node", row.Node);
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
        if (Uri.TryCreate(document.Load.Url, UriKind.Absolute, out var url))
            Host(url.Host, Add);
        if (ObservedName().Match(document.Scenario.Title) is { Success: true } observed)
        {
            Add("namespace", observed.Groups[1].Value);
            Add("service", observed.Groups[2].Value);
            Add("scenario", document.Scenario.Name);
        }
        // What a Deployment's Pods have in common names the application, too.
        var suffixed = aliases.Keys.Select(n => PodSuffix().Match(n)).Where(m => m.Success).ToList();
        foreach (var prefix in suffixed.Select(m => m.Groups[1].Value).Distinct())
            Add("workload", prefix);
        return
        [
            .. aliases
                .OrderByDescending(a => a.Key.Length)
                .ThenBy(a => a.Key, StringComparer.Ordinal)
                .Select(a => (a.Key, a.Value)),
        ];
    }

    private static void Host(string host, Action<string, string?> add)
    {
        if (IPAddress.TryParse(host, out _))
            return;
        var parts = host.Split('.');
        add("service", parts[0]);
        if (parts.Length > 1)
            add("namespace", parts[1]);
        if (parts.Length > 2)
            add("domain", string.Join('.', parts[2..]));
    }

    private static string Text(string text, List<(string Name, string Alias)> names)
    {
        foreach (var (name, alias) in names)
        {
            if (!text.Contains(name, StringComparison.Ordinal))
                continue;
            // After a dot too: a namespace and a domain follow a Service's name.
            text = Regex.Replace(
                text,
                $"(?<![A-Za-z0-9-]){Regex.Escape(name)}(?![A-Za-z0-9-])",
                alias,
                RegexOptions.CultureInvariant,
                TimeSpan.FromSeconds(1)
            );
        }
        text = Ipv4().Replace(text, "(address)");
        return Ipv6().Replace(text, m => IPAddress.TryParse(m.Value, out _) ? "(address)" : m.Value);
    }

    /// <summary>Field names are the schema's, except in the one map that has Pods for keys.</summary>
    private static JsonNode? Replace(JsonNode? node, bool inNames, Func<string, string> text) =>
        node switch
        {
            JsonObject map => new JsonObject(
                map.Select(f =>
                    KeyValuePair.Create(
                        inNames ? text(f.Key) : f.Key,
                        s_fixed.Contains(f.Key) ? f.Value?.DeepClone() : Replace(f.Value, f.Key == "byPod", text)
                    )
                )
            ),
            JsonArray list => new JsonArray([.. list.Select(item => Replace(item, inNames: false, text))]),
            JsonValue value when value.TryGetValue<string>(out var s) => JsonValue.Create(text(s)),
            _ => node?.DeepClone(),
        };

    private static bool IsHarmless(string value) =>
        value.Length == 0
        || s_words.Contains(value)
        || double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
        || Duration().IsMatch(value);

    private static string OperatingSystem(string system) =>
        system.Split(' ')[0]
        + (system.EndsWith(')') ? system[system.LastIndexOf(" (", StringComparison.Ordinal)..] : "");

    [GeneratedRegex(@"\b\d{1,3}(?:\.\d{1,3}){3}\b")]
    private static partial Regex Ipv4();

    [GeneratedRegex(@"(?<![0-9A-Za-z:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![0-9A-Za-z:])")]
    private static partial Regex Ipv6();

    [GeneratedRegex(@"^(.+?)(?:-[a-z0-9]{6,10})?-[a-z0-9]{5}$")]
    private static partial Regex PodSuffix();

    [GeneratedRegex(@"^Service ([^/ ]+)/([^ ]+) as observed$")]
    private static partial Regex ObservedName();

    [GeneratedRegex(@"^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$")]
    private static partial Regex Duration();
}
