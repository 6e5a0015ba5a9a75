using CiliumDebugging.Releases;

namespace CiliumDebugging.Lab.Scenarios;

/// <summary>Releases of Cilium from one to another, both included.</summary>
public readonly record struct ReleaseRange(CiliumVersion First, CiliumVersion Last)
{
    /// <summary>Every release, and clusters without Cilium.</summary>
    public static ReleaseRange All { get; } = new(default, new CiliumVersion(int.MaxValue, 0, 0));

    /// <summary>Reads <c>1.9.0</c>, <c>1.9.0..1.9.8</c> or <c>all</c>; null when it is none of them.</summary>
    public static ReleaseRange? Parse(string? text)
    {
        if (text == "all")
            return All;
        var ends = (text ?? "").Split("..");
        return
            ends.Length <= 2
            && CiliumVersion.TryParse(ends[0], out var first)
            && CiliumVersion.TryParse(ends[^1], out var last)
            && first <= last
            ? new ReleaseRange(first, last)
            : null;
    }

    public bool Contains(CiliumVersion release) => release >= First && release <= Last;
}
