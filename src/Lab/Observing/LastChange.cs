using System.Globalization;
using System.Text.Json;
using k8s.Models;

namespace CiliumDebugging.Lab.Observing;

/// <summary>When an object was last changed in more than its status, as far as its metadata tell.</summary>
internal static class LastChange
{
    private const string Trigger = "endpoints.kubernetes.io/last-change-trigger-time";
    private const string Status = "f:status";

    /// <summary>The newest of the times in an object's metadata, UTC; null without one.</summary>
    public static DateTime? Of(V1ObjectMeta metadata) =>
        (metadata.ManagedFields ?? [])
            .Where(f => !IsStatus(f))
            .Select(f => f.Time?.ToUniversalTime())
            .Append(metadata.CreationTimestamp?.ToUniversalTime())
            .Append(TriggerOf(metadata))
            .Max();

    private static DateTime? TriggerOf(V1ObjectMeta metadata) =>
        metadata.Annotations?.TryGetValue(Trigger, out var text) is true
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at.UtcDateTime
            : null;

    /// <summary>Whether a manager owns nothing but fields of the status.</summary>
    private static bool IsStatus(V1ManagedFieldsEntry entry) =>
        entry.Subresource == "status"
        || entry.FieldsV1 is JsonElement { ValueKind: JsonValueKind.Object } fields
            && fields.EnumerateObject().Any()
            && fields.EnumerateObject().All(f => f.Name == Status);
}
