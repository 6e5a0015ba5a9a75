using System.Collections.Immutable;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Lab.Releases;

/// <summary>The Kubernetes versions of a minor release of Cilium.</summary>
/// <param name="Minor">The minor number: 9 for 1.9.</param>
/// <param name="Oldest">The oldest Kubernetes minor that the Cilium project tests it with.</param>
/// <param name="Newest">The newest one, and the default: closest to what users had.</param>
/// <param name="ChartMinimum">The oldest Kubernetes its chart lets Helm install on (kubeVersion in Chart.yaml).</param>
/// <param name="Source">Where the range is stated; "not verified": from memory, verify before use.</param>
public sealed record CiliumMinor(int Minor, Version Oldest, Version Newest, Version ChartMinimum, string Source);

/// <summary>The releases of Cilium that the lab installs, with their Kubernetes versions.</summary>
public static class CiliumReleases
{
    /// <summary>The table, oldest first. ChartMinimum is from the charts themselves.</summary>
    public static ImmutableArray<CiliumMinor> Minors { get; } =
    [
        new(
            9,
            new(1, 12),
            new(1, 19),
            new(1, 12),
            "notes of v1.9.0-rc1: support for 1.19 added (cilium/cilium#12611); the pair of the original report"
        ),
        new(10, new(1, 16), new(1, 21), new(1, 16), "cilium/cilium#17722: 1.22 came with the release after it"),
        new(11, new(1, 16), new(1, 23), new(1, 16), "docs of v1.11, Kubernetes requirements"),
        new(
            12,
            new(1, 16),
            new(1, 24),
            new(1, 16),
            "docs of v1.12, Kubernetes compatibility (cited by cilium commit 0b041fa)"
        ),
        new(13, new(1, 16), new(1, 26), new(1, 16), "docs of v1.13, Kubernetes requirements"),
        new(14, new(1, 16), new(1, 27), new(1, 16), "docs of v1.14, Kubernetes compatibility (cilium/cilium#26671)"),
        new(15, new(1, 26), new(1, 29), new(1, 16), "docs of v1.15, Kubernetes compatibility"),
        new(16, new(1, 27), new(1, 30), new(1, 21), "docs of v1.16, Kubernetes requirements"),
        new(17, new(1, 29), new(1, 32), new(1, 21), "docs of v1.17, Kubernetes compatibility (not verified)"),
        new(18, new(1, 30), new(1, 33), new(1, 21), "docs of v1.18, Kubernetes compatibility"),
        new(19, new(1, 32), new(1, 35), new(1, 21), "docs of v1.19, Kubernetes compatibility"),
        new(20, new(1, 33), new(1, 36), new(1, 21), "docs of v1.20, Kubernetes compatibility (not verified)"),
    ];

    /// <summary>The newest release the lab knows: what <c>latest</c> means.</summary>
    public static CiliumVersion Latest => ChartValues.Published.Releases[^1];

    /// <summary>Reads a version as the command line has it: <c>1.9.0</c>, <c>v1.9.0</c> or <c>latest</c>.</summary>
    /// <returns>The release, or what is wrong.</returns>
    public static (CiliumVersion Release, string? Problem) Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text == "latest")
            return (Latest, null);
        var releases = ChartValues.Published.Releases;
        if (text.Count(c => c == '.') == 2 && CiliumVersion.TryParse(text, out var version))
        {
            if (releases.Contains(version))
                return (version, null);
            var same = releases.Where(r => r.Minor == version.Minor && r.Major == version.Major).ToList();
            var known =
                same.Count > 0
                    ? $"of {version.Major}.{version.Minor} it knows {same[0]} to {same[^1]}"
                    : $"it knows {releases[0]} to {Latest}";
            return (default, $"Cilium {version} is not a release that the lab knows; {known}");
        }
        var example = $"use one such as {CiliumVersion.OriginalReport} or latest (which is {Latest})";
        return (default, $"'{text}' is not a release of Cilium; {example}");
    }

    /// <summary>The row of a release.</summary>
    public static CiliumMinor Of(CiliumVersion release) => Minors.Single(m => m.Minor == release.Minor);

    /// <summary>
    /// Why a release cannot, or should not, be installed on a Kubernetes version; null: it is tested with it.
    /// </summary>
    /// <param name="release">The release.</param>
    /// <param name="kubernetes">The Kubernetes version.</param>
    /// <param name="allowUntested">Allow a pair that Helm installs but the Cilium project does not test.</param>
    public static string? PairProblem(CiliumVersion release, Version kubernetes, bool allowUntested)
    {
        ArgumentNullException.ThrowIfNull(kubernetes);
        var row = Of(release);
        var minor = new Version(kubernetes.Major, kubernetes.Minor);
        if (minor < row.ChartMinimum)
            return $"Cilium {release} cannot be installed on Kubernetes {kubernetes}: "
                + $"its chart requires {row.ChartMinimum} or later (kubeVersion in its Chart.yaml)";
        if (allowUntested || (minor >= row.Oldest && minor <= row.Newest))
            return null;
        return $"Cilium {release} is not tested with Kubernetes {kubernetes} but with {row.Oldest} to {row.Newest} "
            + $"({row.Source}): what such a pair shows says nothing about either. "
            + $"Leave --kubernetes out to get {row.Newest}, or add --allow-untested";
    }
}
