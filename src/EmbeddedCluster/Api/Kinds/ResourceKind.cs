using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Printing;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Kinds;

/// <summary>How names of a kind are checked.</summary>
public enum NameRule
{
    /// <summary>DNS-1123 subdomain: lower-case labels joined by dots, 253 characters.</summary>
    Subdomain,

    /// <summary>DNS-1123 label, 63 characters.</summary>
    Label,

    /// <summary>DNS-1035 label: as a label, but starting with a letter.</summary>
    ServiceLabel,

    /// <summary>Anything that can stand in a path: not empty, "." or "..", without slash and per cent sign.</summary>
    Path,
}

/// <summary>
/// One kind of resource the API serves; compared by reference. All of them are in <see cref="ResourceKinds"/>.
/// </summary>
public sealed class ResourceKind(string group, string version, string plural, string kind, bool namespaced)
{
    public string Group { get; } = group;

    public string Version { get; } = version;

    /// <summary>Name in paths, such as <c>pods</c>.</summary>
    public string Plural { get; } = plural;

    /// <summary>Name in objects, such as <c>Pod</c>.</summary>
    public string Kind { get; } = kind;

    public bool Namespaced { get; } = namespaced;

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    /// <summary>Names that <c>kubectl get</c> takes for a group of kinds, such as <c>all</c>.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Whether <c>status</c> is written only through the status subresource.</summary>
    public bool HasStatus { get; init; }

    /// <summary>Whether a create keeps the status it brings (nodes register with theirs).</summary>
    public bool KeepsStatusOnCreate { get; init; }

    /// <summary>Whether <c>metadata.generation</c> counts the changes of everything but metadata and status.</summary>
    public bool HasGeneration { get; init; }

    /// <summary>Whether the scale subresource (<c>spec.replicas</c>) exists.</summary>
    public bool HasScale { get; init; }

    public bool CreatesOnUpdate { get; init; }

    /// <summary>Whether a deletion answers with the object instead of a Status.</summary>
    public bool ReturnsDeleted { get; init; }

    /// <summary>
    /// Objects kept: a create beyond it takes the oldest away. 0: all. For what a real server forgets by age.
    /// </summary>
    public int MaxKept { get; init; }

    public NameRule Names { get; init; }

    /// <summary>Fields besides metadata.name and metadata.namespace that field selectors may name.</summary>
    public IReadOnlyList<string> SelectableFields { get; init; } = [];

    /// <summary>
    /// The KubernetesClient model of the kind: its properties are the schema. Null: any content (custom resources).
    /// </summary>
    public Type? Model { get; init; }

    /// <summary>Fills what a real server would fill, before validation. Runs on create and on update.</summary>
    internal Action<JsonObject>? Defaults { get; init; }

    /// <summary>Paths below the object that may not change once set.</summary>
    internal IReadOnlyList<string> ImmutableFields { get; init; } = [];

    /// <summary>Paths below the object that must be there.</summary>
    internal IReadOnlyList<string> RequiredFields { get; init; } = [];

    /// <summary>What else must hold: the problems of an object with its defaults.</summary>
    internal Func<JsonObject, IEnumerable<FieldError>> Rules { get; init; } = _ => [];

    /// <summary>What a change may not do: the problems of an object that replaces another one.</summary>
    internal Func<JsonObject, JsonObject, IEnumerable<FieldError>> UpdateRules { get; init; } = (_, _) => [];

    internal IReadOnlyList<TableColumn> Columns { get; init; } = KindColumns.Default;

    public string Singular => Kind.ToLowerInvariant();

    /// <summary><c>v1</c> or <c>group/version</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Plural with the group, as messages name it: <c>pods</c>, <c>deployments.apps</c>.</summary>
    public string QualifiedPlural => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>Whether strategic merge applies (built-in kinds only, as in a real server).</summary>
    internal bool IsBuiltIn => Model is not null;

    public override string ToString() => QualifiedPlural;
}
