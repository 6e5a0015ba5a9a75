using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>Values of policies: numbers as kubectl reads them.</summary>
public class ManifestValueTests
{
    [Theory]
    [InlineData("80", "80")]
    [InlineData("0120", "80")]
    [InlineData("0o120", "80")]
    [InlineData("0x50", "80")]
    [InlineData("0b1010000", "80")]
    [InlineData("8_0", "80")]
    [InlineData("+80", "80")]
    [InlineData("80.0", "80")]
    [InlineData("80.", "80")]
    [InlineData("8e1", "80")]
    [InlineData("1_000", "1000")]
    [InlineData("08", "8")]
    [InlineData("-0x10", "-16")]
    [InlineData("!!int '0120'", "80")]
    [InlineData("!!float 80", "80")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("80.5", "80.5")]
    [InlineData("'0120'", "\"0120\"")]
    [InlineData("0x", "\"0x\"")]
    [InlineData("0o8", "\"0o8\"")]
    [InlineData("_1", "\"_1\"")]
    [InlineData("1.2.3", "\"1.2.3\"")]
    [InlineData("2026-01-01", "\"2026-01-01\"")]
    public void Numbers_are_those_that_kubectl_sends(string yaml, string json) =>
        YamlManifest.Read($"a: {yaml}")[0].ToJson()!["a"]!.ToJsonString().ShouldBe(json);

    [Theory]
    [InlineData("0120", 80)]
    [InlineData("0x50", 80)]
    [InlineData("8_0", 80)]
    [InlineData("8e1", 80)]
    [InlineData("80.0", 80)]
    public void The_port_of_a_network_policy_is_such_a_number(string yaml, ushort port)
    {
        var lab = new PolicyLab(PolicyLab.Kubernetes($"  ingress: [{{ports: [{{port: {yaml}}}]}}]"));
        lab.Ingress(lab.LoadTest, port).IsDrop.ShouldBeFalse();
        lab.Ingress(lab.LoadTest, 120).IsDrop.ShouldBeTrue();
    }
}
