using CiliumDebugging.Datapath.Cilium;
using CiliumDebugging.Releases;

namespace CiliumDebugging.Datapath.Tests.Cilium;

public class OriginalSourceGateTests
{
    /// <summary>https://github.com/cilium/cilium/issues/14594 closed the gate with a tunnel (1.9.9, 1.10.0); in 1.16.0
    /// it is open again.</summary>
    [Theory]
    [InlineData("1.8.6", true)]
    [InlineData("1.9.0", true)]
    [InlineData("1.9.8", true)]
    [InlineData("1.9.9", false)]
    [InlineData("1.9.18", false)]
    [InlineData("1.10.0", false)]
    [InlineData("1.13.13", false)]
    [InlineData("1.14.8", false)]
    [InlineData("1.15.19", false)]
    [InlineData("1.16.0", true)]
    [InlineData("1.19.4", true)]
    [InlineData("2.0.0", true)]
    public void With_a_tunnel_it_depends_on_the_version(string text, bool allowed)
    {
        OriginalSourceGate
            .Allows(Version(text), tunnel: true, ipsec: false, useOriginalSourceAddress: true)
            .ShouldBe(allowed);
        OriginalSourceGate
            .Allows(Version(text), tunnel: false, ipsec: false, useOriginalSourceAddress: true)
            .ShouldBeTrue();
    }

    /// <summary>https://github.com/cilium/cilium/pull/29594 opened it for IPsec.</summary>
    [Theory]
    [InlineData("1.9.8", true)]
    [InlineData("1.12.19", false)]
    [InlineData("1.13.12", false)]
    [InlineData("1.13.13", true)]
    [InlineData("1.14.0", false)]
    [InlineData("1.14.7", false)]
    [InlineData("1.14.8", true)]
    [InlineData("1.15.0", true)]
    [InlineData("1.16.0", true)]
    public void With_a_tunnel_and_ipsec_it_is_open_again_earlier(string text, bool allowed) =>
        CiliumConfig
            .Parse([
                KeyValuePair.Create("sandbox-cilium-version", text),
                KeyValuePair.Create("tunnel", "vxlan"),
                KeyValuePair.Create("enable-ipsec", "true"),
            ])
            .OriginalSourceAllowed.ShouldBe(allowed);

    /// <summary>https://github.com/cilium/cilium/issues/42946.</summary>
    [Theory]
    [InlineData("1.9.0", true)]
    [InlineData("1.18.5", true)]
    [InlineData("1.19.0", false)]
    public void The_setting_has_an_effect_in_releases_that_have_it(string text, bool allowed)
    {
        OriginalSourceGate
            .Allows(Version(text), tunnel: true, ipsec: false, useOriginalSourceAddress: false)
            .ShouldBe(allowed);
        OriginalSourceGate
            .Allows(Version(text), tunnel: false, ipsec: false, useOriginalSourceAddress: false)
            .ShouldBe(allowed);
    }

    [Theory]
    [InlineData("1.8.6", false)]
    [InlineData("1.9.0", true)]
    [InlineData("1.9.8", true)]
    [InlineData("1.9.9", false)]
    [InlineData("1.10.0", false)]
    [InlineData("1.19.4", false)]
    public void Only_1_9_0_to_1_9_8_are_reported_to_fail_and_have_the_stand_in(string text, bool fails)
    {
        ReleaseChanges.TwoSidedL7Fails.In(Version(text)).ShouldBe(fails);
        CiliumConfig
            .Parse([KeyValuePair.Create("sandbox-cilium-version", text)])
            .Sockets.ShouldBe(fails ? SocketScope.Shared : SocketScope.PerNode);
    }

    private static CiliumVersion Version(string text)
    {
        CiliumVersion.TryParse(text, out var version).ShouldBeTrue();
        version.ToString().ShouldBe(text);
        return version;
    }
}
