using System.Collections.Immutable;
using CiliumDebugging.Lab.Releases;
using CiliumDebugging.Releases;

namespace CiliumDebugging.ClusterSetup.Kind;

/// <summary>A node image of kind.</summary>
/// <param name="Kubernetes">The Kubernetes in it.</param>
/// <param name="Digest">
/// SHA-256 of its manifest, hexadecimal: kind has rebuilt the same tag for several of its releases.
/// </param>
/// <param name="BuiltFor">The release of kind whose notes list it.</param>
internal sealed record KindNodeImage(Version Kubernetes, string Digest, Version BuiltFor)
{
    /// <summary>The image as kind takes it.</summary>
    public string Reference => $"kindest/node:v{Kubernetes}@sha256:{Digest}";

    /// <summary>
    /// The newest image of each minor that a release of kind lists. Source: the notes of the release of kind in the row
    /// (https://github.com/kubernetes-sigs/kind/releases). kind 0.33 still has the kubeadm configuration for all of
    /// them (pkg/cluster/internal/kubeadm/config.go: v1beta2 below 1.23, v1beta3 below 1.36).
    ///</summary>
    public static ImmutableArray<KindNodeImage> All { get; } =
    [
        new(new(1, 19, 16), "476cb3269232888437b61deca013832fee41f9f074f9bed79f57e4280f7c48b7", new(0, 17, 0)),
        new(new(1, 20, 15), "a32bf55309294120616886b5338f95dd98a2f7231519c7dedcec32ba29699394", new(0, 17, 0)),
        new(new(1, 21, 14), "9d9eb5fb26b4fbc0c6d95fa8c790414f9750dd583f5d7cee45d92e8c26670aa1", new(0, 17, 0)),
        new(new(1, 22, 15), "7d9708c4b0873f0fe2e171e2b1b7f45ae89482617778c1c875f1053d4cef2e41", new(0, 17, 0)),
        new(new(1, 23, 17), "fbb92ac580fce498473762419df27fa8664dbaa1c5a361b5957e123b4035bdcf", new(0, 21, 0)),
        new(new(1, 24, 17), "ea292d57ec5dd0e2f3f5a2d77efa246ac883c051ff80e887109fabefbd3125c7", new(0, 21, 0)),
        new(new(1, 25, 16), "9d0a62b55d4fe1e262953be8d406689b947668626a357b5f9d0cfbddbebbc727", new(0, 21, 0)),
        new(new(1, 26, 15), "c79602a44b4056d7e48dc20f7504350f1e87530fe953428b792def00bc1076dd", new(0, 25, 0)),
        new(new(1, 27, 16), "2d21a61643eafc439905e18705b8186f3296384750a835ad7a005dceb9546d20", new(0, 25, 0)),
        new(new(1, 28, 15), "a7c05c7ae043a0b8c818f5a06188bc2c4098f6cb59ca7d1856df00375d839251", new(0, 25, 0)),
        new(new(1, 29, 14), "8703bd94ee24e51b778d5556ae310c6c0fa67d761fae6379c8e0bb480e6fea29", new(0, 27, 0)),
        new(new(1, 30, 13), "397209b3d947d154f6641f2d0ce8d473732bd91c87d9575ade99049aa33cd648", new(0, 29, 0)),
        new(new(1, 31, 14), "6f86cf509dbb42767b6e79debc3f2c32e4ee01386f0489b3b2be24b0a55aac2b", new(0, 31, 0)),
        new(new(1, 32, 11), "5fc52d52a7b9574015299724bd68f183702956aa4a2116ae75a63cb574b35af8", new(0, 31, 0)),
        new(new(1, 33, 12), "3f5c8443c620245e4d355cfe09e96a91ead32ceaa569d3f1ca9edf0cb2fe2ff4", new(0, 32, 0)),
        new(new(1, 34, 11), "44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d", new(0, 33, 0)),
        new(new(1, 35, 8), "07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0", new(0, 33, 0)),
        new(new(1, 36, 4), "099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed", new(0, 33, 0)),
        new(new(1, 37, 0), "a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5", new(0, 33, 0)),
    ];

    /// <summary>The default image for a release of Cilium: the newest Kubernetes it is tested with.</summary>
    public static KindNodeImage For(CiliumVersion cilium)
    {
        var newest = CiliumReleases.Of(cilium).Newest;
        return All.Single(i => i.Kubernetes.Minor == newest.Minor);
    }

    /// <summary>
    /// The image of a Kubernetes minor, as <c>1.30</c>; with a patch only if the table has exactly that one.
    ///</summary>
    /// <returns>The image, or what is wrong.</returns>
    public static (KindNodeImage? Image, string? Problem) Parse(string kubernetes)
    {
        ArgumentNullException.ThrowIfNull(kubernetes);
        var known = string.Join(", ", All.Select(i => $"{i.Kubernetes.Major}.{i.Kubernetes.Minor}"));
        if (!Version.TryParse(kubernetes.TrimStart('v'), out var version))
            return (null, $"'{kubernetes}' is not a Kubernetes version; use one of {known}");
        var image = All.FirstOrDefault(i =>
            i.Kubernetes.Major == version.Major
            && i.Kubernetes.Minor == version.Minor
            && (version.Build < 0 || version.Build == i.Kubernetes.Build)
        );
        if (image is not null)
            return (image, null);
        var problem = $"there is no node image of Kubernetes {kubernetes} in the table; it has {known}";
        return (null, $"{problem} (or name an image of your own with --image)");
    }

    /// <summary>Why the installed kind cannot run this image on this machine; null: no reason is known.</summary>
    /// <param name="kind">Version of kind.</param>
    /// <param name="cgroup">Version of the engine's control groups, 1 or 2; null: unknown.</param>
    public string? Problem(Version kind, int? cgroup)
    {
        ArgumentNullException.ThrowIfNull(kind);
        if (kind < BuiltFor)
            return $"the node image of Kubernetes {Kubernetes} was built for kind {BuiltFor}, and this is kind {kind}, "
                + "which may not start it or load images into it: upgrade kind";
        if (cgroup == 1 && Kubernetes >= new Version(1, 35))
            return $"Kubernetes {Kubernetes} does not run on control groups version 1, which this machine has "
                + "(notes of kind 0.31): use an older Kubernetes, or boot with version 2";
        if (cgroup == 1 && BuiltFor < new Version(0, 20) && kind >= new Version(0, 20))
            return $"on control groups version 1, which this machine has, kind {kind} does not start an image "
                + $"built for kind {BuiltFor} (notes of kind 0.20): boot with version 2, or use kind 0.17 to 0.19";
        return null;
    }
}
