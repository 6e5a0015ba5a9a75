using System.Text.Json.Nodes;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.Lab.Clusters;
using CiliumDebugging.Lab.Scenarios;

namespace CiliumDebugging.Lab.Running;

/// <summary>Objects whose changes may change how requests are distributed.</summary>
/// <param name="Kind">Their kind.</param>
/// <param name="ApiVersion">Such as <c>apps/v1</c>.</param>
/// <param name="Plural">As in paths.</param>
/// <param name="Namespace">Where; empty: everywhere.</param>
/// <param name="Selection">Query that selects some of them; empty: all.</param>
/// <param name="Changed">Names the relevant differences between two states; empty when there are none.</param>
internal sealed record WatchedKind(
    string Kind,
    string ApiVersion,
    string Plural,
    string Namespace,
    string Selection,
    Func<JsonObject, JsonObject, string> Changed
)
{
    private const int MaxNames = 4;

    private static readonly string[] s_parts = ["spec", "data"];

    /// <summary>
    /// Policies, the load's Service, the Deployments of its Pods and of the client, settings and agents.
    /// </summary>
    /// <param name="load">The load.</param>
    /// <param name="clientNamespace">Namespace of the client's Pod.</param>
    /// <param name="ciliumNamespace">Namespace of Cilium.</param>
    public static IEnumerable<WatchedKind> Of(LoadSpec load, string clientNamespace, string ciliumNamespace)
    {
        yield return new("CiliumNetworkPolicy", "cilium.io/v2", "ciliumnetworkpolicies", "", "", Spec);
        yield return new(
            "CiliumClusterwideNetworkPolicy",
            "cilium.io/v2",
            "ciliumclusterwidenetworkpolicies",
            "",
            "",
            Spec
        );
        yield return new("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies", "", "", Spec);
        yield return new("Service", "v1", "services", load.Namespace, Named(load.Service), Spec);
        foreach (var ns in new[] { load.Namespace, clientNamespace }.Distinct(StringComparer.Ordinal))
            yield return new("Deployment", "apps/v1", "deployments", ns, "", Deployment);
        yield return new(
            "ConfigMap",
            "v1",
            "configmaps",
            ciliumNamespace,
            Named(CiliumNames.ConfigMap),
            (before, after) => Keys("was changed", before, after, "data")
        );
        yield return new("Pod", "v1", "pods", ciliumNamespace, "labelSelector=k8s-app%3Dcilium", Agent);
    }

    private static string Named(string name) => $"fieldSelector=metadata.name%3D{Uri.EscapeDataString(name)}";

    /// <summary>Path of the list, with its query.</summary>
    public string Collection =>
        ObjectReference.Of(Kind, ApiVersion, Plural, Namespace, "").Collection
        + (Selection.Length == 0 ? "" : $"?{Selection}");

    public ObjectReference ReferenceTo(JsonObject item)
    {
        var metadata = item["metadata"];
        return ObjectReference.Of(Kind, ApiVersion, Plural, $"{metadata?["namespace"]}", $"{metadata?["name"]}");
    }

    /// <summary>What happened to an object; null when nothing that matters here did.</summary>
    /// <param name="before">Null: it is new.</param>
    /// <param name="after">Null: it is gone.</param>
    public string? Describe(JsonObject? before, JsonObject? after) =>
        (before, after) switch
        {
            (null, null) => null,
            (null, _) => "was created",
            (_, null) => "was deleted",
            _ => Changed(before, after) is { Length: > 0 } change ? change : null,
        };

    /// <summary>The field manager that made the change, not one of the status; null when unknown.</summary>
    /// <param name="before">Null: the object is new.</param>
    /// <param name="after">The object now.</param>
    public static string? ManagerOf(JsonObject? before, JsonObject after)
    {
        var old = EntriesOf(before);
        var entries = EntriesOf(after);
        // The manager that changed a field owns it now. Times are whole seconds; a manager that lost a field to another
        // one keeps its time.
        var owners = entries.Where(e => ChangedFields(before, after).Any(f => Owns(e, f.Part, f.Key))).ToList();
        if (owners.Count > 0)
            entries = owners;
        var different = entries.Where(e => !old.Exists(o => JsonNode.DeepEquals(o, e))).ToList();
        return (different.Count > 0 ? different : entries)
            .AsEnumerable()
            .Reverse()
            .MaxBy(e => $"{e["time"]}", StringComparer.Ordinal)
            ?["manager"]?.ToString();
    }

    private static bool Owns(JsonObject entry, string part, string key) =>
        entry["fieldsV1"]?[$"f:{part}"] is JsonObject fields && fields.ContainsKey($"f:{key}");

    private static IEnumerable<(string Part, string Key)> ChangedFields(JsonObject? before, JsonObject after) =>
        before is null ? [] : s_parts.SelectMany(part => DifferentKeys(before, after, part).Select(key => (part, key)));

    private static List<JsonObject> EntriesOf(JsonObject? item) =>
        [
            .. (item?["metadata"]?["managedFields"] as JsonArray ?? [])
                .OfType<JsonObject>()
                .Where(e => $"{e["subresource"]}" != "status"),
        ];

    private static string Spec(JsonObject before, JsonObject after) =>
        Keys("was changed", before, after, "spec") is { Length: > 0 } spec ? spec
        : JsonNode.DeepEquals(before["specs"], after["specs"])
        && JsonNode.DeepEquals(before["metadata"]?["annotations"], after["metadata"]?["annotations"])
            ? ""
        : "was changed";

    private static string Deployment(JsonObject before, JsonObject after)
    {
        var (from, to) = (Replicas(before), Replicas(after));
        return from != to ? $"was scaled from {from} to {to}" : Keys("was changed", before, after, "spec");
    }

    private static string Replicas(JsonObject deployment) => $"{deployment["spec"]?["replicas"] ?? 1}";

    private static string Agent(JsonObject before, JsonObject after) =>
        Restarts(after) > Restarts(before) ? "was restarted"
        : before["metadata"]?["deletionTimestamp"] is null && after["metadata"]?["deletionTimestamp"] is not null
            ? "is being deleted"
        : "";

    private static int Restarts(JsonObject pod) =>
        (pod["status"]?["containerStatuses"] as JsonArray ?? []).Sum(c => (int?)c?["restartCount"] ?? 0);

    /// <summary>The keys of a part of the objects whose values differ.</summary>
    private static string Keys(string what, JsonObject before, JsonObject after, string part)
    {
        var keys = DifferentKeys(before, after, part);
        if (keys.Count == 0)
            return "";
        var more = keys.Count > MaxNames ? $" and {keys.Count - MaxNames} more" : "";
        return $"{what} ({string.Join(", ", keys.Take(MaxNames))}{more})";
    }

    private static List<string> DifferentKeys(JsonObject before, JsonObject after, string part)
    {
        var (old, now) = (before[part] as JsonObject ?? [], after[part] as JsonObject ?? []);
        return
        [
            .. old.Select(p => p.Key)
                .Union(now.Select(p => p.Key), StringComparer.Ordinal)
                .Where(key => !JsonNode.DeepEquals(old[key], now[key])),
        ];
    }
}
