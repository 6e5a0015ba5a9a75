using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Requests;

namespace CiliumDebugging.EmbeddedCluster.Api.Documents;

/// <summary>
/// The OpenAPI v2 document that kubectl requests before 1.27 (Debian's is 1.20), made from the v3 ones. kubectl reads
/// it as protocol buffers of gnostic's OpenAPIv2.proto; the field numbers are from there.
/// </summary>
internal static class OpenApiV2
{
    private const string ProtobufType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    private static readonly Lazy<JsonObject> s_json = new(Build);
    private static readonly Lazy<byte[]> s_protobuf = new(() => Document(s_json.Value));

    public static Task WriteAsync(HttpContext context) =>
        context.Request.Headers.Accept.ToString().Contains("protobuf", StringComparison.Ordinal)
            ? context.WriteAsync(s_protobuf.Value, contentType: ProtobufType)
            : context.WriteAsync(s_json.Value);

    private static JsonObject Build()
    {
        var (paths, definitions) = (new JsonObject(), new JsonObject());
        foreach (var place in ResourceKinds.All.Select(k => OpenApi.Document($"{OpenApi.Root}/{OpenApi.Place(k)}")!))
        {
            foreach (var (path, item) in place["paths"]!.AsObject())
                paths[path] = item!.DeepClone();
            foreach (var (name, schema) in place.At("components.schemas")!.AsObject())
                definitions[name] = Converted(schema);
        }
        return new JsonObject
        {
            ["swagger"] = "2.0",
            ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = Discovery.GitVersion },
            ["paths"] = paths,
            ["definitions"] = definitions,
        };
    }

    /// <summary>
    /// A schema in the words of v2, which has neither allOf references nor oneOf; an object that keeps unknown members
    /// has no list of known ones.
    /// </summary>
    private static JsonObject Converted(JsonNode? schema)
    {
        var o = schema!.AsObject();
        if ((o["allOf"] as JsonArray)?[0]?["$ref"]?.GetValue<string>() is { } reference)
        {
            var moved = reference.Replace("#/components/schemas/", "#/definitions/", StringComparison.Ordinal);
            return new JsonObject { ["$ref"] = moved, ["description"] = o["description"]?.DeepClone() };
        }
        if (o.Text("format") == "int-or-string")
            return new JsonObject { ["type"] = "string", ["format"] = "int-or-string" };
        var keepsUnknown = o.ContainsKey("x-kubernetes-preserve-unknown-fields");
        var kept = o.Where(m => m.Key != "properties" || !keepsUnknown);
        return new JsonObject(kept.Select(m => KeyValuePair.Create(m.Key, Member(m.Key, m.Value))));

        static JsonNode? Member(string name, JsonNode? value) =>
            name switch
            {
                "properties" => new JsonObject(
                    value!.AsObject().Select(p => KeyValuePair.Create<string, JsonNode?>(p.Key, Converted(p.Value)))
                ),
                "items" or "additionalProperties" => Converted(value),
                _ => value?.DeepClone(),
            };
    }

    private static byte[] Document(JsonObject document)
    {
        var paths = new Message();
        foreach (var (path, item) in document["paths"]!.AsObject())
        {
            var operations = new Message().Nested(8, Operation(item!["patch"]!.AsObject()));
            paths.Nested(2, new Message().Text(1, path).Nested(2, operations));
        }
        return new Message()
            .Text(1, "2.0")
            .Nested(2, new Message().Text(1, "Kubernetes").Text(2, Discovery.GitVersion))
            .Nested(8, paths)
            .Nested(9, Named(document["definitions"]!.AsObject()))
            .ToArray();
    }

    private static Message Operation(JsonObject operation)
    {
        var message = Extensions(new Message().Text(5, operation.Text("operationId")), 13, operation);
        foreach (var parameter in operation.Objects("parameters"))
        {
            var query = new Message()
                .Text(3, "query")
                .Text(4, parameter.Text("name"))
                .Text(6, parameter.TextAt("schema.type"));
            message.Nested(8, new Message().Nested(1, new Message().Nested(2, new Message().Nested(3, query))));
        }
        return message;
    }

    private static Message Schema(JsonObject schema)
    {
        var message = new Message()
            .Text(1, schema.Text("$ref"))
            .Text(2, schema.Text("format"))
            .Text(4, schema.Text("description"));
        if (schema.Object("additionalProperties") is { } values)
            message.Nested(21, new Message().Nested(1, Schema(values)));
        if (schema.Text("type") is { } type)
            message.Nested(22, new Message().Text(1, type));
        if (schema.Object("items") is { } items)
            message.Nested(23, new Message().Nested(1, Schema(items)));
        if (schema.Object("properties") is { } properties)
            message.Nested(25, Named(properties));
        return Extensions(message, 31, schema);
    }

    private static Message Named(JsonObject schemas) =>
        schemas.Aggregate(new Message(), (all, s) =>
            all.Nested(1, new Message().Text(1, s.Key).Nested(2, Schema(s.Value!.AsObject())))
        );

    private static Message Extensions(Message message, int field, JsonObject o)
    {
        foreach (var (name, value) in o.Where(m => m.Key.StartsWith("x-", StringComparison.Ordinal)))
            message.Nested(field, new Message().Text(1, name).Nested(2, new Message().Text(2, value!.ToJsonString())));
        return message;
    }

    /// <summary>A protocol buffers message of length-delimited fields.</summary>
    private sealed class Message
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

        public Message Text(int field, string? value) =>
            value is null ? this : Field(field, Encoding.UTF8.GetBytes(value));

        public Message Nested(int field, Message inner) => Field(field, inner._bytes.WrittenSpan);

        private Message Field(int field, ReadOnlySpan<byte> value)
        {
            Number((uint)(field << 3) | 2);
            Number((uint)value.Length);
            _bytes.Write(value);
            return this;
        }

        private void Number(uint value)
        {
            for (; value >= 0x80; value >>= 7)
                _bytes.Write([(byte)(value | 0x80)]);
            _bytes.Write([(byte)value]);
        }
    }
}
