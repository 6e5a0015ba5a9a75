using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>Ranges of ports, and protocols without ports.</summary>
public sealed class PortRangeTests
{
    /// <summary>Only the whole range is all ports (cilium, PortRangeToMaskedPorts).</summary>
    [Theory]
    [InlineData("{port: '0', endPort: 100}", 100, 101)]
    [InlineData("{port: '00', endPort: 100}", 1, 101)]
    [InlineData("{port: '0', endPort: 65535}", 65535, null)]
    [InlineData("{port: '0', endPort: 0}", 65535, null)]
    public void Port_0_with_an_end_is_a_range(string port, int allowed, int? denied)
    {
        PolicyLab lab = Ports(port);
        lab.Ingress(lab.LoadTest, (ushort)allowed).ShouldBe(PolicyVerdict.Allow);
        if (denied is { } outside)
            lab.Ingress(lab.LoadTest, (ushort)outside).IsDrop.ShouldBeTrue();
    }

    /// <summary>Cilium resolves the name, then makes the range (createL4Filter, toMapState).</summary>
    [Fact]
    public void A_range_that_begins_with_a_name_begins_at_its_port()
    {
        PolicyLab lab = Ports("{port: http, endPort: 8090}");
        EndpointIdentity web = lab.Identities.Pod(
            "backend",
            [KeyValuePair.Create("app", "backend")],
            namedPorts: [new NamedPort("http", 8080, L4Protocol.Tcp)]
        );
        PolicyVerdict Into(ushort port) =>
            lab.Policies.Evaluate(TrafficDirection.Ingress, web, new Peer(lab.LoadTest, 0), port, L4Protocol.Tcp);
        Into(8079).IsDrop.ShouldBeTrue();
        Into(8080).ShouldBe(PolicyVerdict.Allow);
        Into(8090).ShouldBe(PolicyVerdict.Allow);
        Into(8091).IsDrop.ShouldBeTrue();
    }

    [Theory]
    [InlineData(
        "  ingress: [{authentication: {mode: foo}}]",
        "spec.ingress[0].authentication.mode",
        "mode is disabled"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '80', protocol: VRRP}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].port",
        "must be 0"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '00', protocol: IGMP}]}]}]",
        "spec.ingress[0].toPorts[0].ports[0].port",
        "must be 0"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: web, protocol: IGMP}], rules: {http: [{}]}}]}]",
        "spec.ingress[0].toPorts[0].ports[0]",
        "TCP only"
    )]
    [InlineData(
        "  ingress: [{toPorts: [{ports: [{port: '0', endPort: 9, protocol: TCP}], rules: {http: [{}]}}]}]",
        "spec.ingress[0].toPorts[0].ports[0]",
        "need a port"
    )]
    [InlineData(
        "  ingress: [{icmps: [{fields: [{type: ExtendedEchoReply}]}]}]",
        "spec.ingress[0].icmps[0].fields[0].type",
        "EchoRequest"
    )]
    public void It_is_refused_for(string rules, string field, string message)
    {
        var problem = PolicyProblems.SingleOf(PolicyLab.Backends(rules));
        problem.Field.ShouldBe(field);
        problem.Message.ShouldContain(message);
    }

    private static PolicyLab Ports(string ports) =>
        new(PolicyLab.Backends($"  ingress: [{{toPorts: [{{ports: [{ports}]}}]}}]"));
}
