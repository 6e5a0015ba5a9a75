using System.Text.Json.Nodes;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Requests;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Documents;

/// <summary>What the server says about itself, from the table of kinds.</summary>
internal static class Discovery
{
    /// <summary>Version whose API conventions the server follows.</summary>
    public const string GitVersion = "v1.32.0" + EmulatedCluster.VersionSuffix;

    private static readonly string[] s_verbs = "create delete deletecollection get list patch update watch".Split(' ');
    private static readonly string[] s_subresourceVerbs = ["get", "patch", "update"];
    private static readonly string[] s_podSubresources = ["log", "proxy"];

    /// <summary>Answers the paths that need no token; null for others.</summary>
    public static Task? Public(HttpContext context, string path) =>
        path switch
        {
            "/livez" or "/readyz" or "/healthz" when IsRead(context) => HealthAsync(context, path),
            "/version" or "/version/" when IsRead(context) => context.WriteAsync(Version()),
            _ => null,
        };

    private const string AggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    /// <summary>Answers the discovery documents; null for other paths.</summary>
    public static Task? Document(HttpContext context, string path)
    {
        var accept = context.Request.Headers.Accept.ToString();
        if (IsRead(context) && path is "/api" or "/apis" && accept.Contains(AggregatedType, StringComparison.Ordinal))
            return context.WriteAsync(Aggregated(path == "/api"), contentType: AggregatedType);
        if (IsRead(context) && path == "/openapi/v2")
            return OpenApiV2.WriteAsync(context);
        if (IsRead(context) && OpenApi.Text(path) is { } document)
            return context.WriteAsync(document);
        var json = path.TrimEnd('/').Split('/') switch
        {
            [""] => Paths(),
            ["", "api"] => Json.Object(
                ("kind", "APIVersions"),
                ("versions", new JsonArray("v1")),
                (
                    "serverAddressByClientCIDRs",
                    new JsonArray(
                        Json.Object(("clientCIDR", "0.0.0.0/0"), ("serverAddress", context.Request.Host.Value))
                    )
                )
            ),
            ["", "apis"] => GroupList(),
            ["", "api", "v1"] => Resources("", "v1"),
            ["", "apis", { Length: > 0 } group] => Group(group),
            ["", "apis", { Length: > 0 } group, var version] => Resources(group, version),
            _ => null,
        };
        if (json is null)
            return null;
        return IsRead(context) ? context.WriteAsync(json) : context.WriteAsync(ApiStatus.MethodNotAllowed);
    }

    private static Task HealthAsync(HttpContext context, string path)
    {
        var answer = context.Request.Query.ContainsKey("verbose") ? $"[+]ping ok\n{path[1..]} check passed\n" : "ok";
        return context.Response.WriteAsync(answer, context.RequestAborted);
    }

    /// <summary>Everything that answers: what <c>kubectl get --raw /</c> shows.</summary>
    private static JsonObject Paths()
    {
        var groups = ResourceKinds
            .All.Where(k => k.Group.Length > 0)
            .SelectMany(k => new[] { $"/apis/{k.Group}", $"/apis/{k.ApiVersion}" });
        string[] others = [.. "/api /api/v1 /apis /healthz /livez /openapi/v2 /openapi/v3 /readyz /version".Split(' ')];
        return new JsonObject
        {
            ["paths"] = Json.Array(others.Concat(groups).Distinct().Order(StringComparer.Ordinal)),
        };
    }

    private static bool IsRead(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);

    private static JsonObject Version() =>
        new()
        {
            ["major"] = "1",
            ["minor"] = "32",
            ["gitVersion"] = GitVersion,
            ["gitCommit"] = "",
            ["gitTreeState"] = "clean",
            ["buildDate"] = "",
            ["goVersion"] = "",
            ["compiler"] = "dotnet",
            ["platform"] = "embedded",
        };

    private static JsonObject GroupList()
    {
        var groups = ResourceKinds.All.Select(k => k.Group).Where(g => g.Length > 0).Distinct().Select(Group);
        return Json.Object(("kind", "APIGroupList"), ("apiVersion", "v1"), ("groups", Json.Array(groups)));
    }

    /// <summary>Everything in one document (apidiscovery.k8s.io/v2), which saves a request for each group.</summary>
    private static JsonObject Aggregated(bool core)
    {
        var groups = ResourceKinds.All.Where(k => k.Group.Length == 0 == core).GroupBy(k => k.Group);
        return Json.Object(
            ("kind", "APIGroupDiscoveryList"),
            ("apiVersion", "apidiscovery.k8s.io/v2"),
            ("metadata", new JsonObject()),
            ("items", Json.Array(groups.Select(Group)))
        );
        static JsonObject Group(IGrouping<string, ResourceKind> group)
        {
            var versions = group.GroupBy(k => k.Version).Select(Version);
            var metadata = new JsonObject { ["name"] = group.Key };
            return new JsonObject { ["metadata"] = metadata, ["versions"] = Json.Array(versions) };
        }
        static JsonObject Version(IGrouping<string, ResourceKind> version) =>
            Json.Object(
                ("version", version.Key),
                ("freshness", "Current"),
                ("resources", Json.Array(version.Select(Aggregated)))
            );
    }

    private static JsonNode Aggregated(ResourceKind kind)
    {
        JsonObject Response(JsonNode entry) =>
            Json.Object(
                ("group", entry["group"]?.DeepClone() ?? kind.Group),
                ("version", entry["version"]?.DeepClone() ?? kind.Version),
                ("kind", entry["kind"]!.DeepClone())
            );
        JsonObject Subresource(JsonNode entry) =>
            Json.Object(
                ("subresource", entry["name"]!.GetValue<string>()[(kind.Plural.Length + 1)..]),
                ("responseKind", Response(entry)),
                ("verbs", entry["verbs"]!.DeepClone())
            );
        var entries = Entries(kind).ToList();
        return new JsonObject
        {
            ["resource"] = kind.Plural,
            ["singularResource"] = kind.Singular,
            ["scope"] = kind.Namespaced ? "Namespaced" : "Cluster",
            ["responseKind"] = Response(entries[0]),
            ["verbs"] = Json.Array(s_verbs),
            ["shortNames"] = Json.Array(kind.ShortNames),
            ["categories"] = Json.Array(kind.Categories),
            ["subresources"] = Json.Array(entries.Skip(1).Select(Subresource)),
        };
    }

    private static JsonObject? Group(string group)
    {
        var versions = ResourceKinds.All.Where(k => k.Group == group).Select(k => k.Version).Distinct().ToList();
        if (versions.Count == 0)
            return null;
        JsonObject Entry(string version) => new() { ["groupVersion"] = $"{group}/{version}", ["version"] = version };
        return Json.Object(
            ("kind", "APIGroup"),
            ("apiVersion", "v1"),
            ("name", group),
            ("versions", Json.Array(versions.Select(Entry))),
            ("preferredVersion", Entry(versions[0]))
        );
    }

    private static JsonObject? Resources(string group, string version)
    {
        var kinds = ResourceKinds.All.Where(k => k.Group == group && k.Version == version).ToList();
        if (kinds.Count == 0)
            return null;
        return Json.Object(
            ("kind", "APIResourceList"),
            ("apiVersion", "v1"),
            ("groupVersion", kinds[0].ApiVersion),
            ("resources", Json.Array(kinds.SelectMany(Entries)))
        );
    }

    private static IEnumerable<JsonNode> Entries(ResourceKind kind)
    {
        yield return new JsonObject
        {
            ["name"] = kind.Plural,
            ["singularName"] = kind.Singular,
            ["namespaced"] = kind.Namespaced,
            ["kind"] = kind.Kind,
            ["verbs"] = Json.Array(s_verbs),
            ["shortNames"] = Json.Array(kind.ShortNames),
            ["categories"] = Json.Array(kind.Categories),
        };
        if (kind.HasStatus)
            yield return Subresource(kind, "status");
        foreach (var name in kind == ResourceKinds.Pods ? s_podSubresources : [])
            yield return Subresource(kind, name);
        if (kind.HasScale)
        {
            var scale = Subresource(kind, "scale");
            (scale["group"], scale["version"], scale["kind"]) = ("autoscaling", "v1", "Scale");
            yield return scale;
        }
    }

    private static JsonObject Subresource(ResourceKind kind, string name) =>
        new()
        {
            ["name"] = $"{kind.Plural}/{name}",
            ["singularName"] = "",
            ["namespaced"] = kind.Namespaced,
            ["kind"] = kind.Kind,
            ["verbs"] = Json.Array(s_subresourceVerbs),
        };
}
