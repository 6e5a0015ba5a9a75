using System.Collections.Immutable;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>The remedies that depend on the release of Cilium, in one table.</summary>
internal static class Remedies
{
    public const string OriginalSource = "original source";
    public const string ServiceConntrack = "service conntrack";

    /// <param name="About">What it is a remedy for.</param>
    /// <param name="From">First release that it fits; null: every one.</param>
    /// <param name="Before">First release that it no longer fits; null: none.</param>
    private sealed record Row(string About, string? From, string? Before, string Text);

    private static readonly Row[] s_table =
    [
        new(
            OriginalSource,
            null,
            "1.9.9",
            "upgrade to Cilium 1.9.9, 1.10.0 or later: the report is about 1.9.0, and releases up to 1.15 do not use the "
                + "original source with a tunnel (cilium/cilium#14594)"
        ),
        new(
            OriginalSource,
            "1.19.0",
            null,
            "proxy-use-original-source-address: \"false\" (Cilium 1.19.0 or later, cilium/cilium#42946)"
        ),
        new(
            ServiceConntrack,
            null,
            "1.10.0",
            "socket load balancing (enable-host-reachable-services: \"true\"): the backend is chosen at connect, without "
                + "such an entry"
        ),
        new(
            ServiceConntrack,
            "1.10.0",
            null,
            "socket load balancing (bpf-lb-sock: \"true\"): the backend is chosen at connect, without such an entry"
        ),
        new(
            ServiceConntrack,
            null,
            "1.12.0",
            "upgrade to Cilium 1.12 or later: a SYN on an entry closed for longer than a minute chooses again "
                + "(cilium/cilium#19451, cilium/cilium#19800)"
        ),
        new(
            ServiceConntrack,
            "1.12.0",
            "1.16.0",
            "upgrade to Cilium 1.16 or later: a SYN on a closed entry chooses again at once"
        ),
        new(ServiceConntrack, null, null, "a shorter bpf-ct-timeout-service-tcp and conntrack-gc-interval (1m each)"),
    ];

    /// <summary>The remedies that fit a release; all of them where it is unknown.</summary>
    public static ImmutableArray<string> For(string about, string? version) =>
        [.. s_table.Where(r => r.About == about && Fits(r, version)).Select(r => r.Text)];

    /// <summary>Whether a release is at least another one; null when it is unknown.</summary>
    public static bool? IsAtLeast(string? version, string other) =>
        Version.TryParse(version, out var release) ? release >= Version.Parse(other) : null;

    /// <summary>The release as an observation.</summary>
    public static string Observed(string? version) =>
        version is null ? "the release of Cilium is unknown" : $"the agents run Cilium {version}";

    private static bool Fits(Row row, string? version) =>
        (row.From is null || IsAtLeast(version, row.From) is not false)
        && (row.Before is null || IsAtLeast(version, row.Before) is not true);
}
