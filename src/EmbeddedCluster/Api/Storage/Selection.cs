using System.Text.Json.Nodes;
using CiliumDebugging.EmbeddedCluster.Api.Kinds;
using CiliumDebugging.EmbeddedCluster.Api.Status;

namespace CiliumDebugging.EmbeddedCluster.Api.Storage;

/// <summary>Which objects a list or watch is about: a namespace, label requirements, field requirements.</summary>
public sealed class Selection
{
    private readonly string _namespace;
    private readonly IReadOnlyList<Requirement> _labels;
    private readonly IReadOnlyList<Requirement> _fields;

    private Selection(string ns, IReadOnlyList<Requirement> labels, IReadOnlyList<Requirement> fields) =>
        (_namespace, _labels, _fields) = (ns, labels, fields);

    public static Selection All { get; } = new("", [], []);

    /// <summary>
    /// Reads selectors as query strings have them, such as <c>app=backend,version in (v1,v2),!canary</c> and
    /// <c>spec.nodeName=worker,status.phase!=Running</c>; null for none. The kind decides which fields may be named; an
    /// empty namespace means all.
    /// </summary>
    public static Outcome<Selection> Parse(ResourceKind kind, string ns, string? labels, string? fields)
    {
        static string Quoted(string? text) => JsonValue.Create(text)!.ToJsonString();
        if (SelectorParser.Labels(labels ?? "") is not { } labelRequirements)
            return ApiStatus.BadRequest($"unable to parse requirement: invalid label selector: {Quoted(labels)}");
        if (SelectorParser.Fields(fields ?? "") is not { } fieldRequirements)
            return ApiStatus.BadRequest(
                $"invalid field selector: {Quoted(fields)}; the form is key=value[,key!=value]"
            );
        string[] known = ["metadata.name", "metadata.namespace", .. kind.SelectableFields];
        foreach (var (key, _, _) in fieldRequirements)
            if (!known.Contains(key) || (key == "metadata.namespace" && !kind.Namespaced))
                return ApiStatus.BadRequest(
                    kind.SelectableFields.Count > 0
                        ? $"field label not supported: {key}"
                        : $"\"{key}\" is not a known field selector: only \"{string.Join("\", \"", known)}\""
                );
        return new Selection(ns, labelRequirements, fieldRequirements);
    }

    public bool Matches(StoredObject o)
    {
        if (_namespace.Length > 0 && o.Namespace != _namespace)
            return false;
        foreach (var requirement in _labels)
            if (!requirement.Holds(o.Labels.FirstOrDefault(l => l.Key == requirement.Key).Value))
                return false;
        foreach (var requirement in _fields)
            if (!requirement.Holds(Field(o, requirement.Key)))
                return false;
        return true;
    }

    private static string Field(StoredObject o, string path)
    {
        if (path is "metadata.name" or "metadata.namespace")
            return path == "metadata.name" ? o.Name : o.Namespace;
        for (var i = 0; i < o.Fields.Count; i++)
            if (o.Kind.SelectableFields[i] == path)
                return o.Fields[i];
        return "";
    }
}

internal enum Operator
{
    In,
    NotIn,
    Exists,
    Absent,
    Greater,
    Less,
}

/// <summary>One condition of a selector.</summary>
internal sealed record Requirement(string Key, Operator Operator, IReadOnlyList<string> Values)
{
    /// <summary>
    /// Whether a value (null: the key is absent) meets the condition. An absent key meets NotIn, as in Kubernetes.
    /// </summary>
    public bool Holds(string? value) =>
        Operator switch
        {
            Operator.In => value is not null && Values.Contains(value),
            Operator.NotIn => value is null || !Values.Contains(value),
            Operator.Exists => value is not null,
            Operator.Absent => value is null,
            Operator.Greater => long.TryParse(value, out var n) && n > long.Parse(Values[0], null),
            _ => long.TryParse(value, out var n) && n < long.Parse(Values[0], null),
        };
}
