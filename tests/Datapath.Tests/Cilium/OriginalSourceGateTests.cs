using CiliumDebugging.Datapath.Cilium;

namespace CiliumDebugging.Datapath.Tests.Cilium;

public class OriginalSourceGateTests
{
    /// <summary>https://github.com/cilium/cilium/issues/14594 closed the gate with a tunnel (1.9.9, 1.10.0),
    /// https://github.com/cilium/cilium/issues/29594 opened it again (1.13.13, 1.14.8, 1.15).</summary>
    [Theory]
    [InlineData("1.8.6", true)]
    [InlineData("1.9.0", true)]
    [InlineData("1.9.8", true)]
    [InlineData("1.9.9", false)]
    [InlineData("1.9.18", false)]
    [InlineData("1.10.0", false)]
    [InlineData("1.11.20", false)]
    [InlineData("1.12.19", false)]
    [InlineData("1.13.12", false)]
    [InlineData("1.13.13", true)]
    [InlineData("1.14.0", false)]
    [InlineData("1.14.7", false)]
    [InlineData("1.14.8", true)]
    [InlineData("1.15.0", true)]
    [InlineData("1.18.2", true)]
    [InlineData("2.0.0", true)]
    public void With_a_tunnel_it_depends_on_the_version(string text, bool allowed)
    {
        OriginalSourceGate.Allows(Version(text), tunnel: true, useOriginalSourceAddress: true).ShouldBe(allowed);
        OriginalSourceGate.Allows(Version(text), tunnel: false, useOriginalSourceAddress: true).ShouldBeTrue();
        OriginalSourceGate.Allows(Version(text), tunnel: true, useOriginalSourceAddress: false).ShouldBeFalse();
        OriginalSourceGate.Allows(Version(text), tunnel: false, useOriginalSourceAddress: false).ShouldBeFalse();
    }

    [Fact]
    public void Only_the_seeds_version_is_more_than_a_prediction()
    {
        OriginalSourceGate.IsPrediction(Version("1.9.0")).ShouldBeFalse();
        OriginalSourceGate.IsPrediction(Version("1.9.1")).ShouldBeTrue();
        OriginalSourceGate.IsPrediction(Version("1.16.0")).ShouldBeTrue();
    }

    private static CiliumVersion Version(string text)
    {
        CiliumVersion.TryParse(text, out var version).ShouldBeTrue();
        version.ToString().ShouldBe(text);
        return version;
    }
}
