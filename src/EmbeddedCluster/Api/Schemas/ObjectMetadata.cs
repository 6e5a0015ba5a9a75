using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CiliumDebugging.ClusterModel;
using CiliumDebugging.EmbeddedCluster.Api.Encodings;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Schemas;

/// <summary>The rules of <c>metadata</c>: names, labels, and the fields that the server owns.</summary>
internal static partial class ObjectMetadata
{
    private const int SuffixLength = 5;
    private const int MaxGeneratedNameLength = 63;

    // No vowels and no look-alikes, so that no word appears by chance: the alphabet of Kubernetes's own suffixes.
    private const string SuffixAlphabet = PodNames.Alphabet;

    /// <summary>Server-owned members: what a client sends for them on an update is replaced.</summary>
    private static readonly string[] s_serverOwned =
        "uid creationTimestamp deletionTimestamp deletionGracePeriodSeconds generation selfLink".Split(' ');

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.NonBacktracking)]
    private static partial Regex Label { get; }

    [GeneratedRegex(@"^[a-z]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.NonBacktracking)]
    private static partial Regex ServiceLabel { get; }

    private const string SubdomainPattern = @"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";

    [GeneratedRegex($@"^{SubdomainPattern}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Subdomain { get; }

    [GeneratedRegex(
        $@"^({SubdomainPattern}/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?\z",
        RegexOptions.NonBacktracking
    )]
    private static partial Regex QualifiedName { get; }

    [GeneratedRegex(@"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?\z", RegexOptions.NonBacktracking)]
    private static partial Regex LabelValue { get; }

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
            errors.Add(new FieldError("metadata.name", "name or generateName is required", "FieldValueRequired"));
        else if (!IsName(kind.Names, name))
            errors.Add(new FieldError("metadata.name", $"{Quote(name)}: {NameAdvice(kind.Names)}"));
        foreach (var (key, value) in metadata.Object("labels") ?? [])
        {
            CheckKey("metadata.labels", key, errors);
            var text = value!.GetValue<string>();
            const string advice =
                "a valid label must be an empty string or at most 63 alphanumeric characters, '-', '_' or '.', "
                + "and must start and end with an alphanumeric character";
            if (text.Length > 63 || !LabelValue.IsMatch(text))
                errors.Add(new FieldError("metadata.labels", $"{Quote(text)}: {advice}"));
        }
        var size = 0;
        foreach (var (key, value) in metadata.Object("annotations") ?? [])
        {
            CheckKey("metadata.annotations", key.ToLowerInvariant(), errors);
            size += key.Length + value!.GetValue<string>().Length;
        }
        if (size > 256 * 1024)
            errors.Add(new FieldError("metadata.annotations", "must have at most 262144 bytes", "FieldValueTooLong"));
    }

    public static bool IsName(NameRule rule, string name) =>
        rule switch
        {
            NameRule.Label => name.Length <= 63 && Label.IsMatch(name),
            NameRule.ServiceLabel => name.Length <= 63 && ServiceLabel.IsMatch(name),
            NameRule.Path => name is not ("." or "..")
                && name.Length <= 253
                && !name.Any(c => c is '/' or '%' || char.IsControl(c)),
            _ => name.Length <= 253 && Subdomain.IsMatch(name),
        };

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

    private static void CheckKey(string field, string key, List<FieldError> errors)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        const string advice =
            "a key is [prefix/]name: the prefix a DNS subdomain, "
            + "the name at most 63 alphanumeric characters, '-', '_' or '.'";
        if (!QualifiedName.IsMatch(key) || key.Length - slash - 1 > 63 || slash > 253)
            errors.Add(new FieldError(field, $"{Quote(key)}: {advice}"));
    }

    private static string NameAdvice(NameRule rule) =>
        rule switch
        {
            NameRule.Label => "a lowercase RFC 1123 label must consist of at most 63 lower case alphanumeric "
                + "characters or '-', and must start and end with an alphanumeric character",
            NameRule.ServiceLabel => "a DNS-1035 label must consist of at most 63 lower case alphanumeric characters "
                + "or '-', start with an alphabetic character, and end with an alphanumeric character",
            NameRule.Path => "may not be '.' or '..' and may not contain '/', '%' or control characters",
            _ => "a lowercase RFC 1123 subdomain must consist of at most 253 lower case alphanumeric characters, "
                + "'-' or '.', and must start and end with an alphanumeric character",
        };

    private static string Quote(string text) => JsonValue.Create(text)!.ToJsonString(JsonTree.Compact);
}
