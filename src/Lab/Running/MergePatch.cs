using System.Text.Json.Nodes;

namespace CiliumDebugging.Lab.Running;

/// <summary>Merge patches (RFC 7386): fields are merged, a null deletes a field, a list is replaced whole.</summary>
internal static class MergePatch
{
    /// <summary>The patch from one object to another; empty when they are equal.</summary>
    public static JsonObject Between(JsonObject now, JsonObject wanted)
    {
        var patch = new JsonObject();
        foreach (var (name, value) in wanted)
        {
            if (JsonNode.DeepEquals(now[name], value))
                continue;
            patch[name] =
                now[name] is JsonObject inside && value is JsonObject target
                    ? Between(inside, target)
                    : value?.DeepClone();
        }
        foreach (var (name, _) in now.Where(field => !wanted.ContainsKey(field.Key)))
            patch[name] = null;
        return patch;
    }
}
