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
                ? document.ToJson()!
                : ApiStatus.BadRequest("the body must be one YAML document");
        }
        catch (ManifestException e)
        {
            return ApiStatus.BadRequest(
                $"error parsing YAML: line {e.Line.ToString(CultureInfo.InvariantCulture)}: {e.Message}"
            );
        }
    }
}
