using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;

namespace CiliumDebugging.EmbeddedCluster.Api.Documents;

/// <summary>
/// OpenAPI v3 documents, one per group version, as far as kubectl reads them: schemas, merge keys, and which parameters
/// a patch takes.
/// </summary>
internal static class OpenApi
{
    public const string Root = "/openapi/v3";

    private const string IntOrString = "io.k8s.IntOrString";

    private static readonly string[] s_patchParameters = ["dryRun", "fieldManager", "fieldValidation", "force"];

    private static readonly ConcurrentDictionary<string, byte[]> s_documents = new(StringComparer.Ordinal);

    /// <summary>A document as JSON text, made once; null where there is none.</summary>
    public static byte[]? Text(string path)
    {
        if (s_documents.TryGetValue(path, out var made))
            return made;
        return Document(path) is { } document
            ? s_documents[path] = JsonSerializer.SerializeToUtf8Bytes(document, JsonTree.Compact)
            : null;
    }

    public static JsonObject? Document(string path)
    {
        if (path == Root)
        {
            return new JsonObject { ["paths"] = Map(ResourceKinds.All.Select(Place).Distinct(), Entry) };

            static JsonObject Entry(string p) =>
                new() { ["serverRelativeURL"] = $"{Root}/{p}?hash={Discovery.GitVersion}" };
        }
        var kinds = ResourceKinds.All.Where(k => path == $"{Root}/{Place(k)}").ToList();
        if (kinds.Count == 0)
            return null;
        var oneOf = new JsonArray(Typed("integer"), Typed("string"));
        var schemas = new JsonObject
        {
            [IntOrString] = new JsonObject { ["format"] = "int-or-string", ["oneOf"] = oneOf },
        };
        var paths = new JsonObject();
        foreach (var kind in kinds)
        {
            Define(Schema.Of(kind), schemas, kind);
            var inside = kind.Namespaced ? "/namespaces/{namespace}" : "";
            paths[$"/{Place(kind)}{inside}/{kind.Plural}/{{name}}"] = new JsonObject { ["patch"] = Patch(kind) };
        }
        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = Discovery.GitVersion },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    public static string Place(ResourceKind kind) =>
        kind.Group.Length == 0 ? $"api/{kind.Version}" : $"apis/{kind.ApiVersion}";

    private static JsonObject Id(ResourceKind kind) =>
        Json.Object(("group", kind.Group), ("version", kind.Version), ("kind", kind.Kind));

    private static JsonObject Typed(string type) => new() { ["type"] = type };

    private static JsonObject Typed(string type, string format) => new() { ["type"] = type, ["format"] = format };

    private static JsonObject Map(IEnumerable<string> names, Func<string, JsonNode?> value) =>
        new(names.Select(n => KeyValuePair.Create(n, value(n))));

    private static JsonObject Patch(ResourceKind kind)
    {
        string[] types =
        [
            "application/json-patch+json",
            "application/merge-patch+json",
            "application/apply-patch+yaml",
            .. kind.IsBuiltIn ? ["application/strategic-merge-patch+json"] : Array.Empty<string>(),
        ];
        var parameters = s_patchParameters.Select(p =>
            Json.Object(("name", p), ("in", "query"), ("schema", Typed(p == "force" ? "boolean" : "string")))
        );
        var content = Map(types, _ => new JsonObject { ["schema"] = Typed("object") });
        return new JsonObject
        {
            ["operationId"] = $"patch{kind.Kind}",
            ["parameters"] = Json.Array(parameters),
            ["requestBody"] = new JsonObject { ["content"] = content },
            ["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK" } },
            ["x-kubernetes-action"] = "patch",
            ["x-kubernetes-group-version-kind"] = Id(kind),
        };
    }

    private static string Define(Schema schema, JsonObject schemas, ResourceKind? kind)
    {
        var name = schema.Model is { } model
            ? $"io.k8s.{(model.Name.StartsWith("V1", StringComparison.Ordinal) ? model.Name[2..] : model.Name)}"
            : $"io.cilium.{kind!.Version}.{kind.Kind}";
        if (schemas.ContainsKey(name))
            return name;
        if (schema.Model is null)
        {
            schemas[name] = null;
            var custom = CiliumSchemas.Of(kind!, schemas, Define(Schema.ObjectMeta, schemas, null));
            custom["x-kubernetes-group-version-kind"] = new JsonArray(Id(kind!));
            schemas[name] = custom;
            return name;
        }
        var definition = Typed("object");
        schemas[name] = definition;
        if (kind is not null)
            definition["x-kubernetes-group-version-kind"] = new JsonArray(Id(kind));
        if (Descriptions.Of(schema.Model) is { } about)
            definition["description"] = about;
        var properties = new JsonObject();
        definition["properties"] = properties;
        foreach (var (member, field) in schema.Fields)
        {
            var property = Describe(field.Schema, schemas);
            if (field.Property is { } described && Descriptions.Of(described) is { } text)
                property["description"] = text;
            properties[member] = property;
            if (field.Keys is not { } keys)
                continue;
            property["x-kubernetes-patch-strategy"] = "merge";
            property["x-kubernetes-list-type"] = keys.Count == 0 ? "set" : "map";
            if (keys.Count == 0)
                continue;
            property["x-kubernetes-patch-merge-key"] = keys[0];
            property["x-kubernetes-list-map-keys"] = Json.Array(keys);
        }
        return name;
    }

    /// <summary>A reference to a definition, beside which a description may stand.</summary>
    public static JsonObject Reference(string name) =>
        new() { ["allOf"] = new JsonArray(new JsonObject { ["$ref"] = $"#/components/schemas/{name}" }) };

    private static JsonObject Describe(Schema schema, JsonObject schemas) =>
        schema.Type switch
        {
            SchemaType.Object => Reference(Define(schema, schemas, null)),
            SchemaType.Map => new JsonObject
            {
                ["type"] = "object",
                ["additionalProperties"] = Describe(schema.Items!, schemas),
            },
            SchemaType.List => new JsonObject { ["type"] = "array", ["items"] = Describe(schema.Items!, schemas) },
            SchemaType.Integer32 => Typed("integer", "int32"),
            SchemaType.Integer64 => Typed("integer", "int64"),
            SchemaType.Number => Typed("number", "double"),
            SchemaType.Boolean => Typed("boolean"),
            SchemaType.Time => Typed("string", "date-time"),
            SchemaType.Bytes => Typed("string", "byte"),
            SchemaType.IntOrString => Reference(IntOrString),
            SchemaType.Any => new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true },
            _ => Typed("string"),
        };
}
