namespace CiliumDebugging.ClusterModel;

/// <summary>
/// A reference to a container image: <c>[registry[:port]/]repository[:tag][@algorithm:digest]</c>.
/// </summary>
/// <param name="Repository">Registry and repository.</param>
/// <param name="Tag">Null when the reference has none.</param>
/// <param name="Digest">With its algorithm, as <c>sha256:…</c>; null when the reference has none.</param>
public sealed record ContainerImage(string Repository, string? Tag, string? Digest)
{
    /// <summary>Splits a reference. It is not validated: the container runtime has accepted it.</summary>
    public static ContainerImage Parse(string? reference)
    {
        var text = reference ?? "";
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var (name, digest) = at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
        // A colon before the last slash is that of the registry's port.
        var colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf('/')
            ? new ContainerImage(name[..colon], name[(colon + 1)..], digest)
            : new ContainerImage(name, null, digest);
    }
}
