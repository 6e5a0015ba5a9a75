using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;
using CiliumDebugging.EmbeddedCluster.Api.Validation;

namespace CiliumDebugging.EmbeddedCluster.Api.Schemas;

/// <summary>The rules of <c>metadata</c>: names, labels, and the fields that the server owns.</summary>
internal static class ObjectMetadata
{
    private const int SuffixLength = 5;
    private const int MaxGeneratedNameLength = 63;

    // No vowels and no look-alikes, so that no word appears by chance: the alphabet of Kubernetes's own suffixes.
    private const string SuffixAlphabet = PodNames.Alphabet;

    /// <summary>Server-owned members: what a client sends for them on an update is replaced.</summary>
    private static readonly string[] s_serverOwned =
        "uid creationTimestamp deletionTimestamp deletionGracePeriodSeconds generation selfLink".Split(' ');

    public static string GenerateName(string prefix)
    {
        var room = MaxGeneratedNameLength - SuffixLength;
        return (prefix.Length > room ? prefix[..room] : prefix)
            + RandomNumberGenerator.GetString(SuffixAlphabet, SuffixLength);
    }

    /// <summary>The time format of Kubernetes: whole seconds, UTC.</summary>
    public static string Timestamp(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static void Check(ResourceKind kind, JsonObject metadata, List<FieldError> errors)
    {
        var name = metadata.Text("name") ?? "";
        if (name.Length == 0)
            errors.Add(FieldError.Required("metadata.name", "name or generateName is required"));
        else
            errors.AddRange(NameProblems(kind.Names, name).Select(p => FieldError.Invalid("metadata.name", name, p)));
        errors.AddRange(LabelRules.Labels(metadata.Object("labels"), "metadata.labels"));
        var size = 0;
        foreach (var (key, value) in metadata.Object("annotations") ?? [])
        {
            const string field = "metadata.annotations";
            errors.AddRange(Names.Key(key.ToLowerInvariant()).Select(p => FieldError.Invalid(field, key, p)));
            size += key.Length + value!.GetValue<string>().Length;
        }
        if (size > 256 * 1024)
            errors.Add(new FieldError("metadata.annotations", "must have at most 262144 bytes", "FieldValueTooLong"));
    }

    private static IEnumerable<string> NameProblems(NameRule rule, string name) =>
        rule switch
        {
            NameRule.Label => Names.Label(name),
            NameRule.ServiceLabel => Names.ServiceLabel(name),
            NameRule.Path => PathProblems(name),
            _ => Names.Subdomain(name),
        };

    private static IEnumerable<string> PathProblems(string name)
    {
        if (name is "." or "..")
            yield return $"may not be '{name}'";
        foreach (var c in name.Where(c => c is '/' or '%' || char.IsControl(c)).Distinct())
            yield return $"may not contain '{c}'";
        if (name.Length > 253)
            yield return "must be no more than 253 characters";
    }

    public static void InitialiseServerOwned(ResourceKind kind, JsonObject metadata, TimeProvider time)
    {
        foreach (var owned in s_serverOwned)
            metadata.Remove(owned);
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Timestamp(time.GetUtcNow());
        if (kind.HasGeneration)
            metadata["generation"] = 1;
    }

    public static void KeepServerOwned(JsonObject metadata, JsonObject old)
    {
        foreach (var owned in s_serverOwned)
        {
            if (old[owned] is { } value)
                metadata[owned] = value.DeepClone();
            else
                metadata.Remove(owned);
        }
        if (metadata["managedFields"] is null && old["managedFields"] is { } managed)
            metadata["managedFields"] = managed.DeepClone();
        foreach (var fixedAtCreation in (ReadOnlySpan<string>)["name", "namespace", "generateName"])
            if (old[fixedAtCreation] is { } value)
                metadata[fixedAtCreation] = value.DeepClone();
    }
}
