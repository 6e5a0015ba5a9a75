using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;

namespace CiliumDebugging.EmbeddedCluster.Api.Documents;

/// <summary>The schemas of Cilium's kinds, from their definitions: cilium-schemas.json says of which release.</summary>
internal static class CiliumSchemas
{
    private const string Rule = "Rule";

    private static readonly Lazy<JsonObject> s_all = new(Read);

    /// <summary>The schema of a kind; what it refers to is added to <paramref name="schemas"/>.</summary>
    /// <param name="kind">A kind of cilium.io.</param>
    /// <param name="schemas">The definitions of a document.</param>
    /// <param name="metadata">Name of the definition of metadata.</param>
    public static JsonObject Of(ResourceKind kind, JsonObject schemas, string metadata)
    {
        var rule = $"io.cilium.{kind.Version}.{Rule}";
        schemas[rule] ??= s_all.Value[Rule]!.DeepClone();
        var schema = s_all.Value[kind.Kind]!.DeepClone().AsObject();
        var properties = schema.Ensure("properties");
        properties["metadata"] = OpenApi.Reference(metadata);
        if (properties.Object("spec")?.Text("$ref") is Rule)
            properties["spec"] = OpenApi.Reference(rule);
        if (properties.Object("specs") is { } specs)
            specs["items"] = OpenApi.Reference(rule);
        return schema;
    }

    private static JsonObject Read()
    {
        using var stream = typeof(CiliumSchemas).Assembly.GetManifestResourceStream("cilium-schemas.json")!;
        var all = JsonNode.Parse(stream)!.AsObject();
        JsonTree.Materialise(all); // it is read by several threads
        return all;
    }
}
