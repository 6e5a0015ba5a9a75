using CiliumDebugging.Datapath.Cilium;

namespace CiliumDebugging.Datapath.Tests.Cilium;

public class CiliumConfigTests
{
    [Fact]
    public void Without_any_key_it_is_the_seeds_cluster()
    {
        var config = Parse();
        config.ShouldBe(new CiliumConfig());
        config.Version.ToString().ShouldBe("1.9.0");
        config.Tunnel.ShouldBeTrue();
        config.Sockets.ShouldBe(SocketScope.Shared);
        config.OriginalSourceAllowed.ShouldBeTrue();
        config.SocketLoadBalancing.ShouldBeFalse();
        config.ServiceConntrackTimeout.ShouldBe(TimeSpan.FromHours(6));
        config.ProxyConnectTimeout.ShouldBe(TimeSpan.FromSeconds(1));
        config.HttpRetryCount.ShouldBe(3);
    }

    [Fact]
    public void Every_key_is_read()
    {
        Parse(("tunnel", "disabled")).Tunnel.ShouldBeFalse();
        Parse(("tunnel", "geneve")).Tunnel.ShouldBeTrue();
        Parse(("routing-mode", "native")).Tunnel.ShouldBeFalse();
        Parse(("enable-ipsec", "true")).Ipsec.ShouldBeTrue();
        Parse(("enable-host-reachable-services", "true")).SocketLoadBalancing.ShouldBeTrue();
        Parse(("bpf-lb-sock", "true")).SocketLoadBalancing.ShouldBeTrue();
        Parse(("http-retry-count", "0")).HttpRetryCount.ShouldBe(0);
        Parse(("conntrack-gc-interval", "1m")).ConntrackGcInterval.ShouldBe(TimeSpan.FromMinutes(1));
        Parse(("conntrack-gc-interval", "0")).ConntrackGcInterval.ShouldBe(TimeSpan.Zero);
        Parse(("proxy-use-original-source-address", "false")).ProxyUseOriginalSourceAddress.ShouldBeFalse();
        Parse(("http-normalize-path", "true")).HttpNormalizePath.ShouldBeTrue();
        Parse(("enable-service-topology", "true")).ServiceTopology.ShouldBeTrue();
        Parse(("sandbox-fin", "lost")).SeesFin.ShouldBeFalse();
        Parse(("sandbox-sockets", "per-node")).Sockets.ShouldBe(SocketScope.PerNode);
        Parse(("sandbox-original-source-for-local-pods", "true")).OriginalSourceForLocalPods.ShouldBeTrue();
        Parse(("proxy-max-concurrent-retries", "0")).ProxyMaxRetries.ShouldBe(0);
        Parse(("sandbox-proxy-max-pending-requests", "7")).ProxyMaxPendingRequests.ShouldBe(7);
        Parse(("sandbox-endpoint-lag", "3s")).EndpointLag.ShouldBe(TimeSpan.FromSeconds(3));
        Parse(("sandbox-endpoint-lag", "0")).EndpointLag.ShouldBe(TimeSpan.Zero);
        CiliumConfig.KnownKeys.Count().ShouldBe(24);
    }

    [Theory]
    [InlineData("6h0m0s", 21_600)]
    [InlineData("1m30s", 90)]
    [InlineData("500ms", 0.5)]
    [InlineData("1.5s", 1.5)]
    [InlineData("60", 60)]
    [InlineData("2h", 7_200)]
    public void Durations_are_gos_or_bare_seconds(string text, double seconds) =>
        Parse(("bpf-ct-timeout-service-tcp", text)).ServiceConntrackTimeout.ShouldBe(TimeSpan.FromSeconds(seconds));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0s")]
    [InlineData("-1s")]
    [InlineData("5 minutes")]
    [InlineData("1s1h")]
    [InlineData("99999999")]
    [InlineData("NaN")]
    public void What_is_no_duration_is_refused_with_the_key_and_the_value(string text)
    {
        var message = Should.Throw<FormatException>(() => Parse(("proxy-connect-timeout", text))).Message;
        message.ShouldContain("proxy-connect-timeout");
        message.ShouldContain($"'{text}'");
    }

    [Fact]
    public void The_lifetime_of_a_service_entry_depends_on_the_version_unless_it_is_set_whatever_the_order_of_the_keys()
    {
        Parse(("sandbox-cilium-version", "1.15.0")).ServiceConntrackTimeout.ShouldBe(TimeSpan.FromSeconds(8_000));
        Parse(("sandbox-cilium-version", "1.14.0")).ServiceConntrackTimeout.ShouldBe(TimeSpan.FromHours(6));
        Parse(("bpf-ct-timeout-service-tcp", "1m"), ("sandbox-cilium-version", "1.16.1"))
            .ServiceConntrackTimeout.ShouldBe(TimeSpan.FromMinutes(1));
    }

    /// <summary>The table of releases as the settings show it.</summary>
    [Theory]
    [InlineData("1.9.0", 1, 3, false, 0)]
    [InlineData("1.11.0", 1, 3, true, 0)]
    [InlineData("1.14.0", 2, 3, true, 0)]
    [InlineData("1.16.5", 2, 3, true, 0)]
    [InlineData("1.17.0", 2, 128, true, 10)]
    [InlineData("1.19.4", 2, 128, true, 10)]
    public void Defaults_follow_the_release(string release, int connect, int retries, bool normalised, int closed)
    {
        var config = Parse(("sandbox-cilium-version", release));
        config.ProxyConnectTimeout.TotalSeconds.ShouldBe(connect);
        config.ProxyMaxRetries.ShouldBe(retries);
        config.HttpNormalizePath.ShouldBe(normalised);
        config.ClosedConntrackTimeout.TotalSeconds.ShouldBe(closed);
        config.ConntrackGcInterval.ShouldBe(TimeSpan.Zero);
        config.HttpRetryCount.ShouldBe(3);
    }

    [Fact]
    public void An_unknown_key_is_named_with_its_value_and_the_keys_there_are()
    {
        var message = Should.Throw<FormatException>(() => Parse(("kube-proxy-replacment", "partial"))).Message;
        message.ShouldContain("unknown key 'kube-proxy-replacment' (value 'partial')");
        message.ShouldContain("sandbox-sockets");
        message.ShouldNotContain(Environment.NewLine);
    }

    [Fact]
    public void All_problems_are_reported_together()
    {
        var message = Should
            .Throw<FormatException>(() =>
                Parse(
                    ("tunnel", "gre"),
                    ("http-retry-count", "101"),
                    ("sandbox-cilium-version", "latest"),
                    ("bpf-lb-sock", "yes"),
                    ("nonsense", "1"),
                    ("sandbox-sockets", "shared")
                )
            )
            .Message;
        var lines = message.Split(Environment.NewLine);
        lines.Length.ShouldBe(5);
        lines.ShouldContain("cilium-config: tunnel is 'gre' and must be vxlan or geneve or disabled");
        lines.ShouldContain("cilium-config: http-retry-count is '101' and must be a number from 0 to 100");
        lines.ShouldContain("cilium-config: sandbox-cilium-version is 'latest' and must be a version such as 1.9.0");
        lines.ShouldContain("cilium-config: bpf-lb-sock is 'yes' and must be true or false");
        lines.ShouldContain(l => l.StartsWith("cilium-config: unknown key 'nonsense'", StringComparison.Ordinal));
    }

    private static CiliumConfig Parse(params (string Key, string Value)[] data) =>
        CiliumConfig.Parse(data.Select(d => KeyValuePair.Create(d.Key, d.Value)));
}
