using System.Collections.Immutable;
using static CiliumDebugging.Releases.ChangeEvidence;

namespace CiliumDebugging.Releases;

/// <summary>What changes with Cilium's releases, as far as the lab follows it. Emulator, simulator, diagnoses and
/// remedies read each row of it, and tests compare what scenarios say of releases with it. docs/releases.md shows
/// it.</summary>
public static class ReleaseChanges
{
    private static readonly CiliumVersion s_first = CiliumVersion.OriginalReport;

    /// <summary>The newest release whose code was run to compare with. Policies are read as it reads them where no
    /// release is given.</summary>
    public static CiliumVersion Compared { get; } = new(1, 19, 4);

    /// <summary>HTTP rules on both sides, with a tunnel. In 1.9.9 the fix is inferred. Neither 1.9.90 nor 1.19.4
    /// fails.</summary>
    public static ReleaseChange TwoSidedL7Fails { get; } =
        new(
            "HTTP rules on both sides are reported to fail between nodes",
            s_first,
            "cilium/cilium#14268, fixed by cilium/cilium@4b769cb53a",
            Reported
        )
        {
            Until = new(1, 9, 9),
        };

    /// <summary>The tunnel's header carries the identity. In 1.9.9 it is inferred.</summary>
    public static ReleaseChange NoOriginalSourceWithTunnel { get; } =
        new(
            "with a tunnel the proxy does not use the original source",
            new(1, 9, 9),
            "cilium/cilium#14594, reverted by cilium/cilium@322de7abfd",
            Run
        )
        {
            Until = new(1, 16, 0),
        };

    /// <summary>The exception to <see cref="NoOriginalSourceWithTunnel"/>: <c>enable-ipsec</c>.</summary>
    public static ReleaseChange OriginalSourceWithIpsec { get; } =
        new(
            "with a tunnel and IPsec the proxy uses the original source",
            new(1, 15, 0),
            "cilium/cilium#29594, for all by cilium/cilium@322de7abfd",
            Read
        )
        {
            Backports = [new(1, 13, 13), new(1, 14, 8)],
            Until = new(1, 16, 0),
        };

    /// <summary>Default true.</summary>
    public static ReleaseChange OriginalSourceSetting { get; } =
        new("proxy-use-original-source-address exists", new(1, 19, 0), "cilium/cilium#42946", Read);

    /// <summary>Before, 1 s.</summary>
    public static ReleaseChange ProxyConnectsFor2Seconds { get; } =
        new("proxy-connect-timeout is 2 s by default, before 1 s", new(1, 14, 0), "", Read);

    /// <summary>Before, 3.</summary>
    public static ReleaseChange ProxyRetries128 { get; } =
        new(
            "proxy-max-concurrent-retries is 128 by default, before 3",
            new(1, 17, 0),
            "cilium/cilium@70a4979ebb59",
            Read
        );

    /// <summary><c>http-normalize-path</c>.</summary>
    public static ReleaseChange PathsAreNormalised { get; } =
        new("http-normalize-path is true by default", new(1, 11, 0), "cilium/cilium#16102", Read);

    /// <summary>Before, as a request only.</summary>
    public static ReleaseChange DeniedRequestsAreAnswers { get; } =
        new(
            "Hubble counts a denied request as a response of 403, too",
            new(1, 13, 0),
            "cilium-envoy of August 2022",
            Read
        );

    /// <summary>Before, it reuses the backend.</summary>
    public static ReleaseChange ReopenSelectsAfterGrace { get; } =
        new(
            "a SYN on a service entry that was closed more than a minute ago chooses again",
            new(1, 12, 0),
            "cilium/cilium@a0d3c102f7, cilium/cilium#19451",
            Run
        );

    /// <summary>However short ago it was closed.</summary>
    public static ReleaseChange ReopenSelects { get; } =
        new("a SYN on a closed service entry chooses again at once", new(1, 16, 0), "cilium/cilium@dcc3dcf02e", Run);

    /// <summary>Before, its lifetime stays.</summary>
    public static ReleaseChange ShortClosedEntries { get; } =
        new("a service entry lives 10 s after FIN or RST", new(1, 17, 0), "cilium/cilium@4d0836b05c", Run);

    /// <summary>Before, 21,600 s.</summary>
    public static ReleaseChange ShorterServiceEntries { get; } =
        new(
            "bpf-ct-timeout-service-tcp is 8000 s by default, before 21600 s",
            new(1, 15, 0),
            "cilium/cilium#27665",
            Read
        );

    /// <summary>Before, <c>enable-host-reachable-services</c>.</summary>
    public static ReleaseChange SocketLoadBalancingKey { get; } =
        new(
            "bpf-lb-sock is the setting of socket load balancing, before enable-host-reachable-services",
            new(1, 12, 0),
            "the charts of both releases",
            Read
        );

    /// <summary><c>service-no-backend-response: reject</c>, also where a traffic policy Local leaves none. Before, the
    /// packet goes on to the stack.</summary>
    public static ReleaseChange NoBackendIsRefused { get; } =
        new("a Service without a backend refuses connections", new(1, 15, 0), "cilium/cilium#28157", Read);

    /// <summary>Earlier releases may have it for random selection: which began it is unknown.</summary>
    public static ReleaseChange TerminatingBackendsServe { get; } =
        new(
            "terminating backends take new connections when no ready one is left",
            new(1, 18, 0),
            "cilium/cilium#39743",
            Read
        );

    /// <summary>Before, a Service with a selector does not count.</summary>
    public static ReleaseChange ServicesSelectPods { get; } =
        new(
            "toServices selects the Pods of a Service with a selector, also with toPorts",
            new(1, 17, 0),
            "cilium/cilium#34208",
            Read
        );

    /// <summary>Alone, <c>ingress: []</c> says nothing.</summary>
    public static ReleaseChange EmptySectionsRefused { get; } =
        new("a policy whose sections are all empty is refused", new(1, 18, 0), "cilium/cilium#35904", Run);

    /// <summary>They redirect, unless another policy begins default deny. Before, the rules were enforced.</summary>
    public static ReleaseChange NoDefaultDenyAllowsHttp { get; } =
        new(
            "HTTP rules of a section without default deny allow every request",
            new(1, 18, 0),
            "cilium/cilium#38841",
            Run
        );

    /// <summary><c>enableDefaultDeny: true</c> without them has no effect.</summary>
    public static ReleaseChange DefaultDenyNeedsRules { get; } =
        new("enableDefaultDeny needs rules in its direction", new(1, 19, 0), "", Run);

    /// <summary><c>policy-default-local-cluster</c>: <c>DoesNotExist</c> and <c>NotIn</c> do not match the world or
    /// nodes.</summary>
    public static ReleaseChange PeersAreOfThisCluster { get; } =
        new(
            "peers selected by labels are those of this cluster",
            new(1, 19, 0),
            "cilium/cilium#39338, cilium/cilium#40609",
            Run
        );

    /// <summary>A bug of Cilium's that <see cref="PeersAreOfThisCluster"/> brought.</summary>
    public static ReleaseChange IpBlockAllowsNamespace { get; } =
        new(
            "an ipBlock in ingress also allows all Pods of the policy's namespace",
            new(1, 19, 0),
            "fixed by cilium/cilium#46305 (CVE-2026-56743)",
            Run
        )
        {
            Until = new(1, 19, 5),
        };

    /// <summary>Before, the field is unknown.</summary>
    public static ReleaseChange EnableDefaultDenyExists { get; } =
        new("enableDefaultDeny exists", new(1, 16, 0), "cilium/cilium#30572", Read);

    /// <summary>Before, the field is unknown.</summary>
    public static ReleaseChange CidrGroupSelectors { get; } =
        new("cidrGroupSelector exists", new(1, 17, 0), "cilium/cilium#36087", Read);

    /// <summary>The lab carries neither.</summary>
    public static ReleaseChange ProtocolsWithoutPorts { get; } =
        new("policies take the protocols VRRP and IGMP", new(1, 19, 0), "cilium/cilium#39872", Read);

    /// <summary>Before, of the port: two peers' different types on one port conflicted as well.</summary>
    public static ReleaseChange ParsersArePerPeer { get; } =
        new(
            "different types of L7 rules on one port conflict for the same peer alone",
            new(1, 18, 0),
            "cilium/cilium#37887",
            Read
        );

    /// <summary>Before, rule by rule, and <c>all</c> beside <c>host</c> named no host.</summary>
    public static ReleaseChange HostRulesAreMerged { get; } =
        new(
            "HTTP rules that name the host bind it also beside HTTP rules for all peers on the same port",
            new(1, 19, 0),
            "cilium/cilium#42607",
            Read
        );

    /// <summary>Before, a NetworkPolicy's <c>endPort</c> was accepted and ignored (cilium/cilium#28684).</summary>
    public static ReleaseChange PortRanges { get; } =
        new("endPort opens a range of ports", new(1, 16, 0), "cilium/cilium#32807", Read);

    /// <summary>Before, the field is unknown.</summary>
    public static ReleaseChange PolicyLogs { get; } =
        new("spec.log exists", new(1, 18, 0), "cilium/cilium#39902", Read);

    /// <summary>Before, the field is unknown.</summary>
    public static ReleaseChange CidrGroupReferences { get; } =
        new("cidrGroupRef exists", new(1, 14, 0), "cilium/cilium#24638", Read);

    /// <summary>Before, it is accepted there and selects nothing (cilium/cilium#30597).</summary>
    public static ReleaseChange CidrGroupsInEgress { get; } =
        new("cidrGroupRef selects in toCIDRSet, too", new(1, 16, 0), "cilium/cilium#30624", Read);

    /// <summary>Before, the custom resource's schema has TCP, UDP and ANY.</summary>
    public static ReleaseChange SctpInPolicies { get; } =
        new("Cilium's policies take the protocol SCTP", new(1, 13, 0), "cilium/cilium#20033", Read);

    /// <summary>In 1.11 they needed <c>enable-icmp-rules</c>.</summary>
    public static ReleaseChange IcmpRules { get; } =
        new("icmps are taken by default", new(1, 12, 0), "cilium/cilium#16516, cilium/cilium#20174", Read);

    /// <summary>Before, the field is unknown.</summary>
    public static ReleaseChange Authentication { get; } =
        new("authentication exists", new(1, 14, 0), "cilium/cilium#25761", Read);

    /// <summary>Before, the schema refuses it (cilium/cilium-cli#462).</summary>
    public static ReleaseChange KubeApiServerEntity { get; } =
        new("the entity kube-apiserver exists", new(1, 11, 0), "cilium/cilium#17823", Read);

    /// <summary>In 1.12 for traffic from outside alone.</summary>
    public static ReleaseChange IngressEntity { get; } =
        new("the entity ingress exists", new(1, 12, 0), "cilium/cilium#25665", Read);

    /// <summary>Before, they were deprecated, and valid.</summary>
    public static ReleaseChange RequirementsRemoved { get; } =
        new("fromRequires and toRequires are refused", new(1, 19, 0), "cilium/cilium#42615, cilium/cilium#43167", Read);

    /// <summary>Before, an empty list was the same as none.</summary>
    public static ReleaseChange ServerNamesHaveEntries { get; } =
        new("an empty list of serverNames is refused", new(1, 18, 0), "cilium/cilium#38615", Read);

    /// <summary>All changes, by release.</summary>
    public static ImmutableArray<ReleaseChange> All { get; } =
    [
        .. new[]
        {
            TwoSidedL7Fails,
            NoOriginalSourceWithTunnel,
            OriginalSourceWithIpsec,
            OriginalSourceSetting,
            ProxyConnectsFor2Seconds,
            ProxyRetries128,
            PathsAreNormalised,
            DeniedRequestsAreAnswers,
            ReopenSelectsAfterGrace,
            ReopenSelects,
            ShortClosedEntries,
            ShorterServiceEntries,
            SocketLoadBalancingKey,
            NoBackendIsRefused,
            TerminatingBackendsServe,
            ServicesSelectPods,
            EmptySectionsRefused,
            NoDefaultDenyAllowsHttp,
            DefaultDenyNeedsRules,
            PeersAreOfThisCluster,
            IpBlockAllowsNamespace,
            EnableDefaultDenyExists,
            CidrGroupSelectors,
            ProtocolsWithoutPorts,
            ParsersArePerPeer,
            HostRulesAreMerged,
            PortRanges,
            PolicyLogs,
            CidrGroupReferences,
            CidrGroupsInEgress,
            SctpInPolicies,
            IcmpRules,
            Authentication,
            KubeApiServerEntity,
            IngressEntity,
            RequirementsRemoved,
            ServerNamesHaveEntries,
        }.OrderBy(c => c.Since),
    ];
}
