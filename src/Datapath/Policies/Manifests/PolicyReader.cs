using System.Collections.Immutable;
using System.Text.Json.Nodes;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Policies.Manifests;

/// <summary>Reads policies from manifests as strictly as an API server: unknown fields are refused, and so are fields
/// that are known but not enforced here. All problems of a source are reported together; with any problem it yields no
/// policy. Never throws on any content.</summary>
public static class PolicyReader
{
    private static readonly FieldTable s_objectFields = new(["apiVersion", "kind", "metadata", "spec", "status"]);
    private static readonly FieldTable s_ciliumObjectFields = new([
        "apiVersion",
        "kind",
        "metadata",
        "spec",
        "specs",
        "status",
    ]);

    private static readonly FieldTable s_metadataFields = new([
        "name",
        "namespace",
        "labels",
        "annotations",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "managedFields",
        "ownerReferences",
        "finalizers",
        "generateName",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "selfLink",
    ]);

    /// <summary>Reads a YAML text of one or more documents, each a policy.</summary>
    /// <param name="text">The text, up to 1 Mi characters.</param>
    /// <param name="fileName">Named in problems and kept as the policies' source.</param>
    /// <param name="release">The release whose rules hold; null: <see cref="ReleaseChanges.Compared"/>.</param>
    public static PolicyReadResult ReadYaml(string text, string fileName, CiliumVersion? release = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(fileName);
        return Read(fileName, release, problems =>
        {
            List<ManifestNode> documents = YamlManifest.Read(text);
            if (documents.Count == 0)
                problems.Add(0, "", "", "the file contains no policy");
            return documents;
        });
    }

    /// <summary>Reads one policy object, as an API server stores it.</summary>
    /// <param name="obj">The object.</param>
    /// <param name="source">Named in problems and kept as the policy's source.</param>
    /// <param name="release">The release whose rules hold; null: <see cref="ReleaseChanges.Compared"/>.</param>
    public static PolicyReadResult ReadJson(JsonObject obj, string source, CiliumVersion? release = null)
    {
        ArgumentNullException.ThrowIfNull(obj);
        ArgumentNullException.ThrowIfNull(source);
        return Read(source, release, _ => [JsonManifest.Read(obj)]);
    }

    private static PolicyReadResult Read(
        string source,
        CiliumVersion? release,
        Func<ProblemList, List<ManifestNode>> documents
    )
    {
        var problems = new ProblemList(source, release ?? ReleaseChanges.Compared);
        List<NetworkPolicyModel> policies = [];
        try
        {
            List<ManifestNode> all = documents(problems);
            for (int i = 0; i < all.Count; i++)
            {
                problems.Policy = all.Count == 1 ? "" : $"document {i + 1}";
                if (Document(new ManifestField(all[i], "", problems), source) is { } policy)
                    Add(policies, policy, problems);
            }
        }
        catch (ManifestException exception)
        {
            problems.Add(exception.Line, "", "", exception.Message);
        }
        return new PolicyReadResult(problems.Count == 0 ? [.. policies] : [], [.. problems.All])
        {
            Notes = [.. problems.Notes],
        };
    }

    private static void Add(List<NetworkPolicyModel> policies, NetworkPolicyModel policy, ProblemList problems)
    {
        if (
            policies.Find(p => p.Kind == policy.Kind && p.Namespace == policy.Namespace && p.Name == policy.Name) is
            { } earlier
        )
            problems.Add(
                policy.Line,
                "metadata.name",
                policy.Name,
                $"the {policy.Kind} appears twice in the file, first at line {earlier.Line}; rename or remove one"
            );
        policies.Add(policy);
    }

    /// <summary>Steps: 1. which kind is it; 2. whose is it (from here problems carry its name); 3. its rules.</summary>
    private static NetworkPolicyModel? Document(ManifestField document, string source)
    {
        // 1.
        if (Kind(document) is not { } kind)
            return null;
        bool isCilium = kind != PolicyKind.NetworkPolicy;

        // 2.
        string given = document.Problems.Policy;
        (string policyNamespace, string name) = Identify(document, kind);
        if (name.Length > 0)
            document.Problems.Policy = Printable.Text(
                policyNamespace.Length == 0 ? name : $"{policyNamespace}/{name}",
                320
            );
        else if (given.Length == 0)
            document.Problems.Policy = kind.ToString();
        Dictionary<string, ManifestField>? fields = document.Map(
            isCilium ? s_ciliumObjectFields : s_objectFields,
            nullIsAbsent: !isCilium
        );
        if (fields is null)
            return null;
        if (fields.TryGetValue("metadata", out ManifestField metadata))
            Metadata(metadata, name);
        else
            document.Report("'metadata' with a name is missing");

        // 3.
        List<PolicySpec> specs = [];
        foreach (ManifestField spec in Specs(fields))
        {
            PolicySpec? read = isCilium
                ? CiliumPolicyReader.Read(spec, kind, policyNamespace)
                : KubernetesPolicyReader.Read(spec, policyNamespace);
            if (read is not null)
                specs.Add(read);
        }
        if (!fields.ContainsKey("spec") && !fields.ContainsKey("specs"))
            document.Report(isCilium ? "'spec' or 'specs' is missing" : "'spec' is missing");
        return new NetworkPolicyModel(kind, policyNamespace, name, source, document.Node.Line, [.. specs])
        {
            Release = document.Problems.Release,
        };
    }

    private static IEnumerable<ManifestField> Specs(Dictionary<string, ManifestField> fields)
    {
        if (fields.TryGetValue("spec", out ManifestField spec))
            yield return spec;
        if (fields.TryGetValue("specs", out ManifestField specs))
        {
            foreach (ManifestField item in specs.Items())
                yield return item;
        }
    }

    private static PolicyKind? Kind(ManifestField document)
    {
        string? version = TextOf(document.Node, "apiVersion");
        string? name = TextOf(document.Node, "kind");
        PolicyKind? kind = (version, name) switch
        {
            ("cilium.io/v2", "CiliumNetworkPolicy") => PolicyKind.CiliumNetworkPolicy,
            ("cilium.io/v2", "CiliumClusterwideNetworkPolicy") => PolicyKind.CiliumClusterwideNetworkPolicy,
            ("networking.k8s.io/v1", "NetworkPolicy") => PolicyKind.NetworkPolicy,
            _ => null,
        };
        if (kind is null)
        {
            document.Problems.Add(
                document.Node.Line,
                "kind",
                $"{version ?? "?"} {name ?? "?"}",
                "not a policy; expected cilium.io/v2 CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy, "
                    + "or networking.k8s.io/v1 NetworkPolicy"
            );
        }
        return kind;
    }

    private static (string Namespace, string Name) Identify(ManifestField document, PolicyKind kind)
    {
        ManifestNode? metadata = document.Node.Fields.Find(f => f.Key == "metadata").Value;
        string name = metadata is null ? "" : TextOf(metadata, "name") ?? "";
        if (kind == PolicyKind.CiliumClusterwideNetworkPolicy)
            return ("", name);
        string? policyNamespace = metadata is null ? null : TextOf(metadata, "namespace");
        return (string.IsNullOrEmpty(policyNamespace) ? "default" : policyNamespace, name);
    }

    private static void Metadata(ManifestField metadata, string name)
    {
        if (metadata.Map(s_metadataFields, nullIsAbsent: true) is not { } fields)
            return;
        if (fields.TryGetValue("name", out ManifestField nameField))
        {
            if (nameField.Text() is not null && !LabelSyntax.IsSubdomain(name))
                nameField.Report(
                    "a name is up to 253 lower-case letters, digits, '-' and '.', "
                        + "beginning and ending with a letter or digit"
                );
        }
        else
            metadata.Report("'name' is missing");
        if (fields.TryGetValue("namespace", out ManifestField namespaceField) && namespaceField.Text() is { } text)
        {
            if (text.Length > 0 && !LabelSyntax.IsNamespace(text))
                namespaceField.Report(
                    "a namespace is up to 63 lower-case letters, digits and '-', "
                        + "beginning and ending with a letter or digit"
                );
        }
        if (fields.TryGetValue("labels", out ManifestField labels))
            Labels(labels);
        if (fields.TryGetValue("annotations", out ManifestField annotations))
        {
            foreach ((_, ManifestField value) in annotations.Entries())
                value.Text();
        }
    }

    private static void Labels(ManifestField labels)
    {
        foreach ((string key, ManifestField value) in labels.Entries())
        {
            if (LabelSyntax.KeyError(key) is { } keyError)
                value.Report(keyError);
            if (value.Text() is { } text && LabelSyntax.ValueError(text) is { } valueError)
                value.Report(valueError);
        }
    }

    private static string? TextOf(ManifestNode map, string key)
    {
        ManifestNode? value = map.Fields.Find(f => f.Key == key).Value;
        return value is { Type: ManifestType.Text } ? value.Text : null;
    }
}
