using System.Collections.Immutable;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Measurement.Diagnosis;

/// <summary>The remedies that depend on the release of Cilium, made from the rows of
/// <see cref="ReleaseChanges"/>. Those that fit any release are given where it is unknown.</summary>
internal static class Remedies
{
    /// <summary>For HTTP rules on both sides.</summary>
    public static ImmutableArray<string> TwoSidedL7(string? version)
    {
        var fails = ReleaseChanges.TwoSidedL7Fails;
        return
        [
            .. fails.In(Release(version)) is false
                ? []
                : (string[])
                    [$"upgrade to Cilium {fails.Until} or later, which is not reported to fail ({fails.Source})"],
            .. Where(
                ReleaseChanges.OriginalSourceSetting,
                version,
                $"proxy-use-original-source-address: \"false\" (Cilium {ReleaseChanges.OriginalSourceSetting.Since} or "
                    + $"later, {ReleaseChanges.OriginalSourceSetting.Source})"
            ),
        ];
    }

    /// <summary>For choices that service conntrack repeats.</summary>
    public static ImmutableArray<string> ServiceConntrack(string? version)
    {
        const string Effect = "the backend is chosen at connect, without such an entry";
        var isNew = ReleaseChanges.SocketLoadBalancingKey.In(Release(version));
        return
        [
            .. isNew is true
                ? []
                : (string[])[$"socket load balancing (enable-host-reachable-services: \"true\"): {Effect}"],
            .. isNew is false ? [] : (string[])[$"socket load balancing (bpf-lb-sock: \"true\"): {Effect}"],
            .. Upgrade(ReleaseChanges.ReopenSelectsAfterGrace, version),
            .. Upgrade(ReleaseChanges.ReopenSelects, version),
            "a shorter bpf-ct-timeout-service-tcp and conntrack-gc-interval (1m each)",
        ];
    }

    /// <summary>For connections that no backend may take: a release that refuses them at once, where the agents' one
    /// loses them.</summary>
    public static ImmutableArray<string> RefusalWithoutBackend(string? version) =>
        version is null ? [] : [.. Upgrade(ReleaseChanges.NoBackendIsRefused, version)];

    /// <summary>The release that a cluster runs; null where it is unknown.</summary>
    public static CiliumVersion? Release(string? version) =>
        CiliumVersion.TryParse(version, out var release) ? release : null;

    /// <summary>The release as an observation.</summary>
    public static string Observed(string? version) =>
        version is null ? "the release of Cilium is unknown" : $"the agents run Cilium {version}";

    /// <summary>An upgrade for the releases before a change, and for an unknown one.</summary>
    private static IEnumerable<string> Upgrade(ReleaseChange change, string? version)
    {
        if (Release(version) is not { } release || release < change.Since)
        {
            var until = change.Until is { } end ? $" and before {end}" : " or later";
            yield return $"upgrade to Cilium {change.Since}{until}: {change.What} ({change.Source})";
        }
    }

    private static IEnumerable<string> Where(ReleaseChange change, string? version, string text)
    {
        if (change.In(Release(version)) is not false)
            yield return text;
    }
}
