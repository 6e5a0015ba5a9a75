using System.Collections.Immutable;

namespace CiliumDebugging.Datapath.Cilium;

/// <summary>How it is known that a release behaves in a way.</summary>
public enum ChangeEvidence
{
    /// <summary>Cilium's own code of such a release was run.</summary>
    Run,

    /// <summary>Read in Cilium's source, an issue or a pull request.</summary>
    Read,

    /// <summary>Inferred from neighbouring releases or from a report. Unverified.</summary>
    Unverified,
}

/// <summary>A behaviour that changed with a release.</summary>
/// <param name="What">What is the case from then on.</param>
/// <param name="Since">The first release.</param>
/// <param name="Source">The commit, issue or pull request; empty where none is known.</param>
/// <param name="Evidence">How it is known.</param>
public sealed record ReleaseChange(string What, CiliumVersion Since, string Source, ChangeEvidence Evidence)
{
    /// <summary>Whether a release has it.</summary>
    public bool In(CiliumVersion release) => release.IsAtLeast(Since);
}

/// <summary>What changed with Cilium's releases, as far as the emulator follows it. The one place that knows a release
/// number.</summary>
public static class ReleaseChanges
{
    /// <summary>The newest release whose code was run to compare with. Policies are read as it reads them where no
    /// release is given.</summary>
    public static CiliumVersion Compared { get; } = new(1, 19, 4);

    /// <summary>CIDR rules need a prefix length: <c>192.0.2.1/32</c>.</summary>
    public static ReleaseChange CidrNeedsPrefix { get; } =
        new("fromCIDR and toCIDR need a prefix length", new(1, 16, 0), "", ChangeEvidence.Run);

    /// <summary>A policy whose sections are all empty lists is refused.</summary>
    public static ReleaseChange EmptySectionsRefused { get; } =
        new("a policy whose sections are all empty is refused", new(1, 18, 0), "", ChangeEvidence.Run);

    /// <summary><c>enableDefaultDeny: false</c> beside HTTP rules redirects and allows every request, unless another
    /// policy begins default deny; before, the rules were enforced.</summary>
    public static ReleaseChange NoDefaultDenyAllowsHttp { get; } =
        new(
            "http rules of a section without default deny allow every request",
            new(1, 18, 0),
            "https://github.com/cilium/cilium/issues/38841",
            ChangeEvidence.Run
        );

    /// <summary><c>enableDefaultDeny: true</c> has an effect only with rules in its direction.</summary>
    public static ReleaseChange DefaultDenyNeedsRules { get; } =
        new("enableDefaultDeny lives on the rules of its direction", new(1, 19, 0), "", ChangeEvidence.Run);

    /// <summary>Peers selected by labels are peers of this cluster (<c>policy-default-local-cluster</c>), so that
    /// <c>DoesNotExist</c> and <c>NotIn</c> do not match the world or nodes.</summary>
    public static ReleaseChange PeersAreOfThisCluster { get; } =
        new("peers selected by labels are peers of this cluster", new(1, 19, 0), "", ChangeEvidence.Run);

    /// <summary>An <c>ipBlock</c> in the ingress of a NetworkPolicy also allows all Pods of its namespace: a bug of
    /// Cilium's. Which release began it is not known.</summary>
    public static ReleaseChange IpBlockAllowsNamespace { get; } =
        new(
            "an ipBlock in ingress also allows the Pods of the policy's namespace",
            new(1, 19, 0),
            "",
            ChangeEvidence.Run
        );

    /// <summary>A SYN on a service entry that was closed more than 60 s ago chooses again. Before, it reuses the
    /// backend.</summary>
    public static ReleaseChange ReopenSelectsAfterGrace { get; } =
        new(
            "a SYN on a service entry closed for 60 s chooses again (1.12 with large instruction limits)",
            new(1, 12, 0),
            "cilium commit a0d3c102f7",
            ChangeEvidence.Run
        );

    /// <summary>A SYN on a closed service entry chooses again, however short ago it was closed.</summary>
    public static ReleaseChange ReopenSelects { get; } =
        new(
            "a SYN on a closed service entry chooses again at once",
            new(1, 16, 0),
            "cilium commit dcc3dcf02e",
            ChangeEvidence.Run
        );

    /// <summary>A service entry lives 10 s after FIN or RST. Before, its lifetime stays.</summary>
    public static ReleaseChange ShortClosedEntries { get; } =
        new(
            "a service entry lives 10 s after FIN or RST",
            new(1, 17, 0),
            "cilium commit 4d0836b05c",
            ChangeEvidence.Run
        );

    /// <summary><c>bpf-ct-timeout-service-tcp</c> is 8,000 s. Before, 21,600 s.</summary>
    public static ReleaseChange ShorterServiceEntries { get; } =
        new(
            "bpf-ct-timeout-service-tcp is 8000 s by default",
            new(1, 15, 0),
            "https://github.com/cilium/cilium/issues/27665",
            ChangeEvidence.Read
        );

    /// <summary><c>proxy-connect-timeout</c> is 2 s. Before, 1 s.</summary>
    public static ReleaseChange ProxyConnectsFor2Seconds { get; } =
        new("proxy-connect-timeout is 2 s by default", new(1, 14, 0), "", ChangeEvidence.Read);

    /// <summary>A proxy has up to 128 retries under way. Before, 3.</summary>
    public static ReleaseChange ProxyRetries128 { get; } =
        new("proxy-max-concurrent-retries is 128 by default", new(1, 17, 0), "", ChangeEvidence.Read);

    /// <summary><c>http-normalize-path</c> is true.</summary>
    public static ReleaseChange PathsAreNormalised { get; } =
        new("http-normalize-path is true by default", new(1, 11, 0), "", ChangeEvidence.Read);

    /// <summary>With a tunnel the proxy does not use the original source. In 1.9.9 it is inferred.</summary>
    public static ReleaseChange NoOriginalSourceWithTunnel { get; } =
        new(
            "the proxy does not use the original source with a tunnel",
            new(1, 9, 9),
            "https://github.com/cilium/cilium/issues/14594",
            ChangeEvidence.Read
        );

    /// <summary>The proxy uses the original source with a tunnel again.</summary>
    public static ReleaseChange OriginalSourceAgain { get; } =
        new(
            "the proxy uses the original source with a tunnel again",
            new(1, 16, 0),
            "cilium commit 322de7abfd",
            ChangeEvidence.Run
        );

    /// <summary><c>proxy-use-original-source-address</c> exists.</summary>
    public static ReleaseChange OriginalSourceSetting { get; } =
        new(
            "proxy-use-original-source-address exists",
            new(1, 19, 0),
            "https://github.com/cilium/cilium/issues/42946",
            ChangeEvidence.Read
        );

    /// <summary>Hubble counts a request that policy denies as a response of 403, too. Before, as a request
    /// only.</summary>
    public static ReleaseChange DeniedRequestsAreAnswers { get; } =
        new(
            "a denied request counts as a response of 403 in Hubble",
            new(1, 13, 0),
            "cilium-envoy of 2022-08",
            ChangeEvidence.Read
        );

    /// <summary>A Service without a backend refuses connections (<c>service-no-backend-response: reject</c>), also where
    /// a traffic policy Local leaves none. Before, the packet goes on to the stack, or is dropped.</summary>
    public static ReleaseChange NoBackendIsRefused { get; } =
        new("a Service without a backend refuses connections", new(1, 15, 0), "", ChangeEvidence.Read);

    /// <summary>Terminating backends that still serve take new connections when no ready one is left. Which release began
    /// it is not known.</summary>
    public static ReleaseChange TerminatingBackendsServe { get; } =
        new(
            "terminating backends take new connections when no ready one is left",
            new(1, 19, 0),
            "",
            ChangeEvidence.Read
        );

    /// <summary>All changes, by release.</summary>
    public static ImmutableArray<ReleaseChange> All { get; } =
    [
        .. new[]
        {
            NoOriginalSourceWithTunnel,
            PathsAreNormalised,
            ReopenSelectsAfterGrace,
            DeniedRequestsAreAnswers,
            ProxyConnectsFor2Seconds,
            ShorterServiceEntries,
            NoBackendIsRefused,
            CidrNeedsPrefix,
            ReopenSelects,
            OriginalSourceAgain,
            ShortClosedEntries,
            ProxyRetries128,
            EmptySectionsRefused,
            NoDefaultDenyAllowsHttp,
            DefaultDenyNeedsRules,
            PeersAreOfThisCluster,
            IpBlockAllowsNamespace,
            OriginalSourceSetting,
            TerminatingBackendsServe,
        }.OrderBy(c => c.Since),
    ];
}
