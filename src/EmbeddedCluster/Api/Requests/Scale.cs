using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Storage;

namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

/// <summary>
/// The scale subresource: <c>spec.replicas</c> of a workload as an object of its own (autoscaling/v1).
/// </summary>
internal static class Scale
{
    public static JsonObject Of(StoredObject workload)
    {
        var metadata = new JsonObject();
        foreach (var name in (ReadOnlySpan<string>)["name", "namespace", "uid", "resourceVersion", "creationTimestamp"])
            metadata[name] = workload.View["metadata"]![name]?.DeepClone();
        var selector = (workload.View.At("spec.selector.matchLabels") as JsonObject ?? []).Select(l =>
            $"{l.Key}={l.Value}"
        );
        return new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject { ["replicas"] = workload.View.NumberAt("spec.replicas") ?? 0 },
            ["status"] = new JsonObject
            {
                ["replicas"] = workload.View.NumberAt("status.replicas") ?? 0,
                ["selector"] = string.Join(',', selector),
            },
        };
    }

    /// <summary>The workload with the replicas of a scale; 409 when the scale is of an older version.</summary>
    public static Outcome<JsonObject> Into(StoredObject workload, JsonObject scale)
    {
        if (
            scale.TextAt("metadata.resourceVersion") is { Length: > 0 } version
            && version != workload.View.TextAt("metadata.resourceVersion")
        )
            return ApiStatus.Outdated(workload.Kind, workload.Name);
        var invalid = new FieldError("spec.replicas", "must be a whole number from 0 on");
        if (scale.NumberAt("spec.replicas") is not (>= 0 and <= int.MaxValue and var replicas))
            return ApiStatus.Invalid(workload.Kind, workload.Name, [invalid]);
        var changed = workload.Copy();
        changed.Ensure("spec")["replicas"] = replicas;
        return changed;
    }
}
