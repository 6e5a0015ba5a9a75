using System.Globalization;
using System.Text.Json.Nodes;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Encodings;

/// <summary>
/// YAML bodies as JSON trees (server-side apply is specified in YAML), read as policies are: bounded in size, nesting
/// and aliases.
/// </summary>
internal static class Yaml
{
    /// <summary>Reads one document.</summary>
    public static Outcome<JsonNode> Parse(string text)
    {
        try
        {
            return YamlManifest.Read(text) is [var document]
                ? Json(document)!
                : ApiStatus.BadRequest("the body must be one YAML document");
        }
        catch (ManifestException e)
        {
            return ApiStatus.BadRequest(
                $"error parsing YAML: line {e.Line.ToString(CultureInfo.InvariantCulture)}: {e.Message}"
            );
        }
    }

    private static JsonNode? Json(ManifestNode node) =>
        node.Type switch
        {
            ManifestType.Null => null,
            ManifestType.Boolean => node.Text[0] is 'y' or 'Y' or 't' or 'T'
                || node.Text.Equals("on", StringComparison.OrdinalIgnoreCase),
            ManifestType.Integer
                when long.TryParse(
                    node.Text,
                    NumberStyles.AllowLeadingSign,
                    CultureInfo.InvariantCulture,
                    out var whole
                ) => whole,
            ManifestType.Integer
            or ManifestType.Number
                when double.TryParse(node.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real)
                    && double.IsFinite(real) => real,
            ManifestType.List => new JsonArray([.. node.Items.Select(Json)]),
            ManifestType.Map => new JsonObject(node.Fields.Select(f => KeyValuePair.Create(f.Key, Json(f.Value)))),
            _ => node.Text,
        };
}
