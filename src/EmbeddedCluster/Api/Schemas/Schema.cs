using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Serialization;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using k8s.Models;

namespace CiliumDebugging.EmbeddedCluster.Api.Schemas;

internal enum SchemaType
{
    Any,
    Object,
    Map,
    List,
    Text,
    Integer32,
    Integer64,
    Number,
    Boolean,
    IntOrString,
    Quantity,
    Time,
    Bytes,
}

/// <summary>
/// The schema of a value, read from the properties of a KubernetesClient model: whatever passes it can be read by every
/// typed client.
/// </summary>
internal sealed class Schema
{
    private static readonly ConcurrentDictionary<Type, Schema> s_known = new();

    private readonly Lazy<Dictionary<string, Field>> _fields;

    private Schema(SchemaType type, Type? model = null, Schema? items = null, Dictionary<string, Field>? fields = null)
    {
        (Type, Model, Items) = (type, model, items);
        _fields = new Lazy<Dictionary<string, Field>>(() => fields ?? ReadFields());
    }

    public static Schema Any { get; } = new(SchemaType.Any);

    public SchemaType Type { get; }

    public Type? Model { get; }

    /// <summary>Schema of the elements of a list or the values of a map.</summary>
    public Schema? Items { get; }

    /// <summary>Members of an object by JSON name.</summary>
    public IReadOnlyDictionary<string, Field> Fields => _fields.Value;

    /// <summary>The metadata are those of every object, the rest is any content.</summary>
    private static Schema CustomResource { get; } =
        new(
            SchemaType.Object,
            fields: new Dictionary<string, Field>
            {
                ["apiVersion"] = new(Of(typeof(string)), null),
                ["kind"] = new(Of(typeof(string)), null),
                ["metadata"] = new(Of(typeof(V1ObjectMeta)), null),
            }
        );

    /// <summary>Whether an object may have members that <see cref="Fields"/> does not list.</summary>
    public bool IsOpen => Type == SchemaType.Object && Model is null;

    public static Schema ObjectMeta => Of(typeof(V1ObjectMeta));

    public static Schema DeleteOptions => Of(typeof(V1DeleteOptions));

    /// <summary>Schema of a kind; of custom resources only the metadata is known.</summary>
    public static Schema Of(ResourceKind kind) => kind.Model is { } model ? Of(model) : CustomResource;

    private static Schema Of(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return s_known.GetOrAdd(type, static t => t switch
            {
                _ when t == typeof(string) => new Schema(SchemaType.Text),
                _ when t == typeof(int) => new Schema(SchemaType.Integer32),
                _ when t == typeof(long) => new Schema(SchemaType.Integer64),
                _ when t == typeof(double) => new Schema(SchemaType.Number),
                _ when t == typeof(bool) => new Schema(SchemaType.Boolean),
                _ when t == typeof(DateTime) => new Schema(SchemaType.Time),
                _ when t == typeof(byte[]) => new Schema(SchemaType.Bytes),
                _ when t == typeof(IntOrString) => new Schema(SchemaType.IntOrString),
                _ when t == typeof(ResourceQuantity) => new Schema(SchemaType.Quantity),
                _ when IsGeneric(t, typeof(IList<>)) => new Schema(SchemaType.List, items: Argument(t, 0)),
                _ when IsGeneric(t, typeof(IDictionary<,>)) => new Schema(SchemaType.Map, items: Argument(t, 1)),
                { Namespace: "k8s.Models" } => new Schema(SchemaType.Object, model: t),
                _ => Any,
            });
    }

    private static bool IsGeneric(Type type, Type definition) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == definition;

    private static Schema Argument(Type type, int index) => Of(type.GetGenericArguments()[index]);

    private Dictionary<string, Field> ReadFields()
    {
        var fields = new Dictionary<string, Field>();
        foreach (var property in Model?.GetProperties(BindingFlags.Public | BindingFlags.Instance) ?? [])
            if (property.GetCustomAttribute<JsonPropertyNameAttribute>() is { } name)
                fields[name.Name] = new Field(Of(property.PropertyType), MergeKeys.Of(Model!, name.Name), property);
        return fields;
    }
}

/// <summary>A member of an object.</summary>
/// <param name="Schema">What it holds.</param>
/// <param name="Keys">
/// How its list merges: null: replaced as a whole; empty: a set of scalars; else objects identified by these members,
/// of which a strategic merge patch uses the first.
/// </param>
/// <param name="Property">The model's property; null where there is no model.</param>
internal sealed record Field(Schema Schema, IReadOnlyList<string>? Keys, PropertyInfo? Property = null);

/// <summary>
/// The lists of built-in kinds that merge element by element (patchMergeKey and x-kubernetes-list-map-keys of the
/// Kubernetes API).
/// </summary>
internal static class MergeKeys
{
    private static readonly Dictionary<string, string[]> s_keys = new()
    {
        ["V1ObjectMeta.finalizers"] = [],
        ["V1ObjectMeta.ownerReferences"] = ["uid"],
        ["V1PodSpec.containers"] = ["name"],
        ["V1PodSpec.initContainers"] = ["name"],
        ["V1PodSpec.ephemeralContainers"] = ["name"],
        ["V1PodSpec.volumes"] = ["name"],
        ["V1PodSpec.imagePullSecrets"] = ["name"],
        ["V1PodSpec.hostAliases"] = ["ip"],
        ["V1PodSpec.topologySpreadConstraints"] = ["topologyKey", "whenUnsatisfiable"],
        ["V1Container.env"] = ["name"],
        ["V1Container.ports"] = ["containerPort", "protocol"],
        ["V1Container.volumeMounts"] = ["mountPath"],
        ["V1Container.volumeDevices"] = ["devicePath"],
        ["V1PodStatus.podIPs"] = ["ip"],
        ["V1PodStatus.hostIPs"] = ["ip"],
        ["V1ServiceSpec.ports"] = ["port", "protocol"],
        ["V1NodeSpec.podCIDRs"] = [],
        ["V1NodeStatus.addresses"] = ["type"],
    };

    public static IReadOnlyList<string>? Of(Type model, string field) =>
        s_keys.GetValueOrDefault($"{model.Name}.{field}")
        ?? (field == "conditions" && model.Name.EndsWith("Status", StringComparison.Ordinal) ? ["type"] : null);

    /// <summary>A key member's value when it is absent, as defaulting would fill it.</summary>
    public static string? Default(string key) => key == "protocol" ? "TCP" : null;
}
