using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Schemas;

namespace CiliumDebugging.EmbeddedCluster.Api.Documents;

/// <summary>OpenAPI v3 documents, one per group version, as far as kubectl reads them: schemas, merge keys, and which parameters a patch takes.</summary>
internal static class OpenApi
{
    public const string Root = "/openapi/v3";

    private const string IntOrString = "io.k8s.IntOrString";

    private static readonly string[] s_patchParameters = ["dryRun", "fieldManager", "fieldValidation", "force"];

    /// <summary>The document at a path, or null.</summary>
    public static JsonObject? Document(string path)
    {
        if (path == Root)
        {
            var entries = ResourceKinds
                .All.Select(Place)
                .Distinct()
                .Select(p =>
                    KeyValuePair.Create<string, JsonNode?>(
                        p,
                        new JsonObject { ["serverRelativeURL"] = $"{Root}/{p}?hash={Discovery.GitVersion}" }
                    )
                );
            return new JsonObject { ["paths"] = new JsonObject(entries) };
        }

        var kinds = ResourceKinds.All.Where(k => path == $"{Root}/{Place(k)}").ToList();
        if (kinds.Count == 0)
            return null;
        var schemas = new JsonObject
        {
            [IntOrString] = new JsonObject
            {
                ["format"] = "int-or-string",
                ["oneOf"] = new JsonArray(
                    new JsonObject { ["type"] = "integer" },
                    new JsonObject { ["type"] = "string" }
                ),
            },
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
        new()
        {
            ["group"] = kind.Group,
            ["version"] = kind.Version,
            ["kind"] = kind.Kind,
        };

    private static JsonObject Patch(ResourceKind kind)
    {
        string[] types =
        [
            "application/json-patch+json",
            "application/merge-patch+json",
            "application/apply-patch+yaml",
            .. kind.IsBuiltIn ? ["application/strategic-merge-patch+json"] : Array.Empty<string>(),
        ];
        return new JsonObject
        {
            ["operationId"] = $"patch{kind.Kind}",
            ["parameters"] = new JsonArray([
                .. s_patchParameters.Select(p =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["name"] = p,
                            ["in"] = "query",
                            ["schema"] = new JsonObject { ["type"] = p == "force" ? "boolean" : "string" },
                        }
                ),
            ]),
            ["requestBody"] = new JsonObject
            {
                ["content"] = new JsonObject(
                    types.Select(t =>
                        KeyValuePair.Create<string, JsonNode?>(
                            t,
                            new JsonObject { ["schema"] = new JsonObject { ["type"] = "object" } }
                        )
                    )
                ),
            },
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
        var definition = new JsonObject { ["type"] = "object" };
        schemas[name] = definition;
        if (kind is not null)
            definition["x-kubernetes-group-version-kind"] = new JsonArray(Id(kind));
        if (schema.Model is null)
        {
            definition["x-kubernetes-preserve-unknown-fields"] = true;
            definition["properties"] = new JsonObject(
                ((string[])["apiVersion", "kind", "metadata", "spec", "status"]).Select(p =>
                    KeyValuePair.Create<string, JsonNode?>(
                        p,
                        new JsonObject { ["type"] = p is "apiVersion" or "kind" ? "string" : "object" }
                    )
                )
            );
            return name;
        }

        var properties = new JsonObject();
        definition["properties"] = properties;
        foreach (var (member, field) in schema.Fields)
        {
            var property = Describe(field.Schema, schemas);
            properties[member] = property;
            if (field.Keys is not { } keys)
                continue;
            property["x-kubernetes-patch-strategy"] = "merge";
            property["x-kubernetes-list-type"] = keys.Count == 0 ? "set" : "map";
            if (keys.Count == 0)
                continue;
            property["x-kubernetes-patch-merge-key"] = keys[0];
            property["x-kubernetes-list-map-keys"] = new JsonArray([.. keys.Select(k => (JsonNode)k)]);
        }

        return name;
    }

    private static JsonObject Reference(string name) =>
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
            SchemaType.Integer32 => new JsonObject { ["type"] = "integer", ["format"] = "int32" },
            SchemaType.Integer64 => new JsonObject { ["type"] = "integer", ["format"] = "int64" },
            SchemaType.Number => new JsonObject { ["type"] = "number", ["format"] = "double" },
            SchemaType.Boolean => new JsonObject { ["type"] = "boolean" },
            SchemaType.Time => new JsonObject { ["type"] = "string", ["format"] = "date-time" },
            SchemaType.Bytes => new JsonObject { ["type"] = "string", ["format"] = "byte" },
            SchemaType.IntOrString => Reference(IntOrString),
            SchemaType.Any => new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true },
            _ => new JsonObject { ["type"] = "string" },
        };
}
