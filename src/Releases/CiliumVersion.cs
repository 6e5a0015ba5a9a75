using System.Globalization;

namespace CiliumDebugging.Releases;

/// <summary>A released version of Cilium.</summary>
/// <param name="Major">Major number.</param>
/// <param name="Minor">Minor number.</param>
/// <param name="Patch">Patch number.</param>
public readonly record struct CiliumVersion(int Major, int Minor, int Patch) : IComparable<CiliumVersion>
{
    /// <summary>The version of the original report, https://github.com/cilium/cilium/issues/14268.</summary>
    public static CiliumVersion OriginalReport { get; } = new(1, 9, 0);

    /// <summary>Reads <c>1.9.0</c>, <c>v1.9.0</c> or <c>1.16</c>.</summary>
    public static bool TryParse(string? text, out CiliumVersion version)
    {
        version = default;
        var parts = (text ?? "").TrimStart('v').Split('.');
        if (parts.Length is < 2 or > 3)
            return false;
        Span<int> numbers = stackalloc int[3];
        for (var i = 0; i < parts.Length; i++)
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
                return false;
        version = new CiliumVersion(numbers[0], numbers[1], numbers[2]);
        return true;
    }

    public int CompareTo(CiliumVersion other) =>
        (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));

    public override string ToString() => $"{Major}.{Minor}.{Patch}";

    /// <summary>Orders by release.</summary>
    public static bool operator <(CiliumVersion left, CiliumVersion right) => left.CompareTo(right) < 0;

    /// <summary>Orders by release.</summary>
    public static bool operator >(CiliumVersion left, CiliumVersion right) => left.CompareTo(right) > 0;

    /// <summary>Orders by release.</summary>
    public static bool operator <=(CiliumVersion left, CiliumVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Orders by release.</summary>
    public static bool operator >=(CiliumVersion left, CiliumVersion right) => left.CompareTo(right) >= 0;
}
