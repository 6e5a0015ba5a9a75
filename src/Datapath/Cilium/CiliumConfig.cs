using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using CiliumDebugging.Datapath.LoadBalancing;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Cilium;

/// <summary>Which sockets the model's ingress redirect sees.</summary>
public enum SocketScope
{
    /// <summary>Each node's own, as Linux looks them up: by network namespace.</summary>
    PerNode,

    /// <summary>Those of all nodes. A stand-in, whose only purpose is that requests fail as
    /// https://github.com/cilium/cilium/issues/14268 reports it for Cilium 1.9.0. The cause of that failure is unknown:
    /// agents of 1.9.90 and 1.19.4 did not show it.</summary>
    Shared,
}

/// <summary>The settings of the agents, read from ConfigMap kube-system/cilium-config under Cilium's own keys. Keys
/// that begin with <c>sandbox-</c> are the embedded cluster's.</summary>
public sealed partial record CiliumConfig
{
    /// <summary>The key of <see cref="EndpointLag"/>.</summary>
    public const string EndpointLagKey = "sandbox-endpoint-lag";

    /// <summary>Cilium's version (key <c>sandbox-cilium-version</c>; on a real cluster the agent's image tag). Default
    /// 1.9.0.</summary>
    public CiliumVersion Version { get; init; } = CiliumVersion.OriginalReport;

    /// <summary>Pod traffic between nodes goes through a tunnel (<c>tunnel</c>: vxlan, geneve, disabled;
    /// <c>routing-mode</c>: tunnel, native). Default true (vxlan).</summary>
    public bool Tunnel { get; init; } = true;

    /// <summary>Pod traffic between nodes is encrypted with IPsec (<c>enable-ipsec</c>). The lab has its effect on the
    /// original source alone. Default false.</summary>
    public bool Ipsec { get; init; }

    /// <summary>Socket LB: the backend is chosen at connect(2) (<c>enable-host-reachable-services</c>,
    /// <c>bpf-lb-sock</c>). Default false, as in the original report.</summary>
    public bool SocketLoadBalancing { get; init; }

    /// <summary>Lifetime of a service conntrack entry (<c>bpf-ct-timeout-service-tcp</c>). Default 6 h; 8000 s since
    /// 1.15 (https://github.com/cilium/cilium/issues/27665).</summary>
    public TimeSpan ServiceConntrackTimeout { get; init; } = TimeSpan.FromHours(6);

    /// <summary>
    /// Lifetime of a service conntrack entry after FIN or RST (<see cref="ReleaseChanges.ShortClosedEntries"/>); zero:
    /// the same as before.
    /// </summary>
    public TimeSpan ClosedConntrackTimeout =>
        ReleaseChanges.ShortClosedEntries.In(Version) ? TimeSpan.FromSeconds(10) : TimeSpan.Zero;

    /// <summary>
    /// How often dead conntrack entries are swept (<c>conntrack-gc-interval</c>). Default 0: adaptive, starting at 5
    /// min (<see cref="GcInterval"/>).
    /// </summary>
    public TimeSpan ConntrackGcInterval { get; init; } = TimeSpan.Zero;

    /// <summary>Whether the node sees the FIN or RST of a client (<c>sandbox-fin</c>: seen, lost). With lost the end
    /// of a connection is not seen, as when the client or its node is killed. Default seen.</summary>
    public bool SeesFin { get; init; } = true;

    /// <summary>What a SYN makes of a closed service conntrack entry (<c>sandbox-conntrack-reopen</c>: reuse,
    /// after-grace, select). Default by release: <see cref="ReleaseChanges.ReopenSelectsAfterGrace"/>,
    /// <see cref="ReleaseChanges.ReopenSelects"/>.</summary>
    public ConntrackReopen ConntrackReopen { get; init; } = ConntrackReopen.Reuse;

    /// <summary>The grace of <see cref="CiliumDebugging.Datapath.LoadBalancing.ConntrackReopen.SelectAfterGrace"/>
    /// (<c>sandbox-conntrack-reopen-grace</c>; a constant of Cilium's datapath). Default 60 s.</summary>
    public TimeSpan ConntrackReopenGrace { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How a backend is chosen (<c>bpf-lb-algorithm</c>: random, maglev). With socket LB always at random.
    /// <c>sandbox-service-proxy</c> (cilium, iptables, ipvs) puts kube-proxy in Cilium's place: a SYN on a closed entry
    /// then always chooses again, and IPVS chooses in turn. Default random.</summary>
    public BackendSelection BackendSelection
    {
        get => SocketLoadBalancing && field is BackendSelection.Maglev ? BackendSelection.Random : field;
        init;
    } = BackendSelection.Random;

    /// <summary>Whether kube-proxy is in Cilium's place (<c>sandbox-service-proxy</c>).</summary>
    public bool IsKubeProxy { get; init; }

    /// <summary>How long after a change of a Service's endpoints the nodes know of it (<c>sandbox-endpoint-lag</c>): a
    /// stand-in for a busy control plane or agent (https://github.com/cilium/cilium/issues/34991). Default 0.</summary>
    public TimeSpan EndpointLag { get; init; } = TimeSpan.Zero;

    /// <summary>Whether Cilium follows the hints of EndpointSlices (<c>enable-service-topology</c>). Default
    /// false.</summary>
    public bool ServiceTopology { get; init; }

    /// <summary>Which preferences for a zone the nodes follow.</summary>
    public ZonePreference ZonePreference =>
        IsKubeProxy ? ZonePreference.All
        : ServiceTopology ? ZonePreference.PreferClose
        : ZonePreference.None;

    /// <summary>Slots of a Maglev table (<c>bpf-lb-maglev-table-size</c>), one of <see cref="MaglevTable.Sizes"/>.
    /// Default 16381.</summary>
    public int MaglevTableSize { get; init; } = 16_381;

    /// <summary>The proxy's upstream connect timeout (<c>proxy-connect-timeout</c>, s). Default 1 s, later 2 s
    /// (<see cref="ReleaseChanges.ProxyConnectsFor2Seconds"/>).</summary>
    public TimeSpan ProxyConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often the proxy repeats a request on a 5xx or a connect failure (<c>http-retry-count</c>,
    /// https://github.com/cilium/cilium/issues/5403). Default 3.</summary>
    public int HttpRetryCount { get; init; } = 3;

    /// <summary>Retries that a cluster of a proxy has under way at most (<c>proxy-max-concurrent-retries</c>; Envoy's
    /// max_retries, https://github.com/cilium/cilium/issues/21814). Default 3, later 128
    /// (<see cref="ReleaseChanges.ProxyRetries128"/>).</summary>
    public int ProxyMaxRetries { get; init; } = 3;

    /// <summary>Requests of a cluster of a proxy that may wait for their connection
    /// (<c>sandbox-proxy-max-pending-requests</c>; Envoy's max_pending_requests). Default 1024.</summary>
    public int ProxyMaxPendingRequests { get; init; } = 1024;

    /// <summary>Whether the proxy normalises paths before policy (<c>http-normalize-path</c>): slashes are merged, dot
    /// segments resolved, and an escaped slash is answered with a redirect. Default by release:
    /// <see cref="ReleaseChanges.PathsAreNormalised"/>.</summary>
    public bool HttpNormalizePath { get; init; }

    /// <summary><c>proxy-use-original-source-address</c>, which releases before
    /// <see cref="ReleaseChanges.OriginalSourceSetting"/> do not have. Default true.</summary>
    public bool ProxyUseOriginalSourceAddress { get; init; } = true;

    /// <summary><c>sandbox-sockets</c>: per-node or shared. Default shared for the releases that are reported to fail
    /// (<see cref="ReleaseChanges.TwoSidedL7Fails"/>), per-node for all others.</summary>
    public SocketScope Sockets { get; init; } = SocketScope.Shared;

    /// <summary><c>sandbox-original-source-for-local-pods</c>: the egress proxy uses the original source for pods on
    /// its own node too, which Cilium does not. Default false.</summary>
    public bool OriginalSourceForLocalPods { get; init; }

    /// <summary>Whether the agents let their proxies use the original source address and port.</summary>
    public bool OriginalSourceAllowed =>
        OriginalSourceGate.Allows(Version, Tunnel, Ipsec, ProxyUseOriginalSourceAddress);

    private static readonly ImmutableDictionary<string, Func<CiliumConfig, string, CiliumConfig>> s_keys =
        new Dictionary<string, Func<CiliumConfig, string, CiliumConfig>>(StringComparer.Ordinal)
        {
            ["sandbox-cilium-version"] = (c, v) =>
                c with
                {
                    Version = CiliumVersion.TryParse(v, out var version)
                        ? version
                        : throw Bad("a version such as 1.9.0"),
                },
            ["tunnel"] = (c, v) => c with { Tunnel = OneOf(v, ("vxlan", true), ("geneve", true), ("disabled", false)) },
            ["routing-mode"] = (c, v) => c with { Tunnel = OneOf(v, ("tunnel", true), ("native", false)) },
            ["enable-ipsec"] = (c, v) => c with { Ipsec = Boolean(v) },
            ["enable-host-reachable-services"] = (c, v) => c with { SocketLoadBalancing = Boolean(v) },
            ["bpf-lb-sock"] = (c, v) => c with { SocketLoadBalancing = Boolean(v) },
            ["bpf-ct-timeout-service-tcp"] = (c, v) => c with { ServiceConntrackTimeout = Duration(v) },
            ["conntrack-gc-interval"] = (c, v) =>
                c with
                {
                    ConntrackGcInterval = v is "0" or "0s" ? TimeSpan.Zero : Duration(v),
                },
            ["sandbox-fin"] = (c, v) => c with { SeesFin = OneOf(v, ("seen", true), ("lost", false)) },
            ["sandbox-conntrack-reopen"] = (c, v) =>
                c with
                {
                    ConntrackReopen = OneOf(
                        v,
                        ("reuse", ConntrackReopen.Reuse),
                        ("after-grace", ConntrackReopen.SelectAfterGrace),
                        ("select", ConntrackReopen.Select)
                    ),
                },
            ["sandbox-conntrack-reopen-grace"] = (c, v) => c with { ConntrackReopenGrace = Duration(v) },
            [EndpointLagKey] = (c, v) => c with { EndpointLag = v is "0" or "0s" ? TimeSpan.Zero : Duration(v) },
            ["bpf-lb-algorithm"] = (c, v) =>
                c with
                {
                    BackendSelection = OneOf(
                        v,
                        ("random", BackendSelection.Random),
                        ("maglev", BackendSelection.Maglev)
                    ),
                },
            ["bpf-lb-maglev-table-size"] = (c, v) =>
                c with
                {
                    MaglevTableSize =
                        int.TryParse(v, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
                        && MaglevTable.Sizes.Contains(n)
                            ? n
                            : throw Bad(MaglevTable.SizesText),
                },
            ["enable-service-topology"] = (c, v) => c with { ServiceTopology = Boolean(v) },
            ["sandbox-service-proxy"] = (c, v) =>
                OneOf(
                    v,
                    ("cilium", c),
                    ("iptables", c.KubeProxy(BackendSelection.Random)),
                    ("ipvs", c.KubeProxy(BackendSelection.RoundRobin))
                ),
            ["proxy-connect-timeout"] = (c, v) => c with { ProxyConnectTimeout = Duration(v) },
            ["http-retry-count"] = (c, v) => c with { HttpRetryCount = Number(v, 100) },
            ["proxy-max-concurrent-retries"] = (c, v) => c with { ProxyMaxRetries = Number(v, 1_000_000) },
            ["sandbox-proxy-max-pending-requests"] = (c, v) =>
                c with
                {
                    ProxyMaxPendingRequests = Number(v, 1_000_000),
                },
            ["http-normalize-path"] = (c, v) => c with { HttpNormalizePath = Boolean(v) },
            ["proxy-use-original-source-address"] = (c, v) => c with { ProxyUseOriginalSourceAddress = Boolean(v) },
            ["sandbox-sockets"] = (c, v) =>
                c with
                {
                    Sockets = OneOf(v, ("per-node", SocketScope.PerNode), ("shared", SocketScope.Shared)),
                },
            ["sandbox-original-source-for-local-pods"] = (c, v) => c with { OriginalSourceForLocalPods = Boolean(v) },
        }.ToImmutableDictionary(StringComparer.Ordinal);

    /// <summary>All keys that are understood, in order.</summary>
    public static IEnumerable<string> KnownKeys => s_keys.Keys.Order(StringComparer.Ordinal);

    /// <summary>Reads the data of a ConfigMap. All problems are reported together.</summary>
    /// <exception cref="FormatException">A key is unknown, or a value does not fit; the message has one line for
    /// each.</exception>
    public static CiliumConfig Parse(IEnumerable<KeyValuePair<string, string>> data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var pairs = data.ToList();
        var config = new CiliumConfig();
        var problems = new List<string>();
        // The version first: the defaults of other keys depend on it.
        foreach (var (key, value) in pairs.OrderByDescending(p => p.Key == "sandbox-cilium-version"))
        {
            if (!s_keys.TryGetValue(key, out var apply))
            {
                problems.Add(
                    $"cilium-config: unknown key '{key}' (value '{value}'); known keys: {string.Join(", ", KnownKeys)}"
                );
                continue;
            }
            try
            {
                config = apply(config, value.Trim());
                if (key == "sandbox-cilium-version")
                    config = config.WithDefaultsOfVersion();
            }
            catch (FormatException e)
            {
                problems.Add($"cilium-config: {key} is '{value}' and must be {e.Message}");
            }
        }
        return problems.Count == 0 ? config : throw new FormatException(string.Join(Environment.NewLine, problems));
    }

    /// <summary>Netfilter's and IPVS's entries are closed when both directions are: a SYN on one chooses again
    /// (measured: 18 of 59 repeats, which is chance).</summary>
    private CiliumConfig KubeProxy(BackendSelection selection) =>
        this with
        {
            IsKubeProxy = true,
            BackendSelection = selection,
            ConntrackReopen = ConntrackReopen.Select,
            SocketLoadBalancing = false,
        };

    private CiliumConfig WithDefaultsOfVersion() =>
        this with
        {
            ServiceConntrackTimeout = ReleaseChanges.ShorterServiceEntries.In(Version)
                ? TimeSpan.FromSeconds(8000)
                : TimeSpan.FromHours(6),
            ConntrackReopen =
                ReleaseChanges.ReopenSelects.In(Version) ? ConntrackReopen.Select
                : ReleaseChanges.ReopenSelectsAfterGrace.In(Version) ? ConntrackReopen.SelectAfterGrace
                : ConntrackReopen.Reuse,
            ProxyConnectTimeout = TimeSpan.FromSeconds(ReleaseChanges.ProxyConnectsFor2Seconds.In(Version) ? 2 : 1),
            ProxyMaxRetries = ReleaseChanges.ProxyRetries128.In(Version) ? 128 : 3,
            HttpNormalizePath = ReleaseChanges.PathsAreNormalised.In(Version),
            Sockets = ReleaseChanges.TwoSidedL7Fails.In(Version) ? SocketScope.Shared : SocketScope.PerNode,
        };

    private static FormatException Bad(string expected) => new(expected);

    private static bool Boolean(string value) => OneOf(value, ("true", true), ("false", false));

    private static int Number(string value, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n <= most
            ? n
            : throw Bad($"a number from 0 to {most}");

    private static T OneOf<T>(string value, params ReadOnlySpan<(string Name, T Value)> choices)
    {
        foreach (var (name, choice) in choices)
            if (name == value)
                return choice;
        var names = new List<string>();
        foreach (var (name, _) in choices)
            names.Add(name);
        throw Bad(string.Join(" or ", names));
    }

    /// <summary>A Go duration (<c>6h0m0s</c>, <c>500ms</c>) or a bare number of seconds, as Cilium takes
    /// both.</summary>
    private static TimeSpan Duration(string value)
    {
        if (
            double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds is > 0 and < 1e7
        )
            return TimeSpan.FromSeconds(seconds);
        var match = GoDuration().Match(value);
        if (!match.Success || value.Length == 0)
            throw Bad("a duration such as 6h0m0s, 60s or 500ms");
        double Part(string name) =>
            match.Groups[name].Success ? double.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture) : 0;
        var total = Part("h") * 3600 + Part("m") * 60 + Part("s") + Part("ms") / 1000;
        return total is > 0 and < 1e7
            ? TimeSpan.FromSeconds(total)
            : throw Bad("a duration over 0 and under 10,000,000 s");
    }

    [GeneratedRegex(
        @"^(?:(?<h>\d+(?:\.\d+)?)h)?(?:(?<m>\d+(?:\.\d+)?)m(?!s))?(?:(?<s>\d+(?:\.\d+)?)s)?(?:(?<ms>\d+(?:\.\d+)?)ms)?$"
    )]
    private static partial Regex GoDuration();
}
