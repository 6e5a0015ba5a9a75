using CiliumDebugging.EmbeddedCluster.Api.Kinds;

namespace CiliumDebugging.EmbeddedCluster.Api.Requests;

/// <summary>What a path is about.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Namespace">The namespace; empty for cluster-wide kinds and for lists across all namespaces.</param>
/// <param name="Name">The object; null for the collection.</param>
/// <param name="Subresource">Such as status; null for the object itself.</param>
/// <param name="Rest">What follows the subresource, with its slash.</param>
internal sealed record RequestTarget(
    ResourceKind Kind,
    string Namespace,
    string? Name,
    string? Subresource,
    string Rest
)
{
    /// <summary>Reads a resource path; null when nothing is served there.</summary>
    public static RequestTarget? Parse(string path)
    {
        var parts = path.Split('/');
        var (group, version, at) = parts switch
        {
            ["", "api", var v, ..] => ("", v, 3),
            ["", "apis", { Length: > 0 } g, var v, ..] => (g, v, 4),
            _ => ("", "", parts.Length),
        };
        var rest = parts.AsSpan(Math.Min(at, parts.Length));
        if (rest.Length > 1 && rest[^1].Length == 0 && !rest.Contains("proxy"))
            rest = rest[..^1];

        // namespaces/x/status is the namespace's own subresource, namespaces/x/pods is a place.
        if (
            rest is ["namespaces", { Length: > 0 } ns, var plural, ..]
            && !(plural is "status" or "finalize" && rest.Length == 3)
        )
            return ResourceKinds.Find(group, version, plural) is { Namespaced: true } inside
                ? Below(inside, ns, rest[3..])
                : null;
        return
            rest is [var collection, ..]
            && ResourceKinds.Find(group, version, collection) is { } kind
            && (!kind.Namespaced || rest.Length == 1)
            ? Below(kind, "", rest[1..])
            : null;
    }

    private static RequestTarget? Below(ResourceKind kind, string ns, ReadOnlySpan<string> parts)
    {
        if (parts is [] or [""])
            return new RequestTarget(kind, ns, null, null, "");
        if (parts[0].Length == 0)
            return null;
        if (parts.Length == 1)
            return new RequestTarget(kind, ns, parts[0], null, "");
        var rest = parts.Length == 2 ? "" : "/" + string.Join('/', parts[2..].ToArray());
        var target = new RequestTarget(kind, ns, parts[0], parts[1], rest);
        return target.IsServed ? target : null;
    }

    public bool IsScale => Subresource == "scale";

    private bool IsServed =>
        Subresource switch
        {
            "status" => Kind.HasStatus && Rest.Length == 0,
            "scale" => Kind.HasScale && Rest.Length == 0,
            "log" or "exec" or "attach" or "portforward" => Kind == ResourceKinds.Pods && Rest.Length == 0,
            "proxy" => Kind == ResourceKinds.Pods,
            _ => false,
        };
}
