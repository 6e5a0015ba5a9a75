using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Releases;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>Fields and values of Cilium's policies that a release began or ended.</summary>
public class PolicyReleaseTests
{
    [Theory]
    [InlineData("  ingress: [{}]\n  log: {value: x}", "1.17.9", "1.18.0")]
    [InlineData("  ingress: [{fromCIDRSet: [{cidrGroupRef: a}]}]", "1.13.9", "1.14.0")]
    [InlineData("  ingress: [{toPorts: [{ports: [{port: '80', protocol: SCTP}]}]}]", "1.12.9", "1.13.0")]
    [InlineData("  ingress: [{icmps: [{fields: [{type: 8}]}]}]", "1.11.9", "1.12.0")]
    [InlineData("  egressDeny: [{icmps: [{fields: [{type: 8}]}]}]", "1.11.9", "1.12.0")]
    [InlineData("  ingress: [{authentication: {mode: disabled}}]", "1.13.9", "1.14.0")]
    [InlineData("  ingress: [{fromEntities: [kube-apiserver]}]", "1.10.9", "1.11.0")]
    [InlineData("  egress: [{toEntities: [ingress]}]", "1.11.9", "1.12.0")]
    public void Before_its_release_a_field_or_value_is_read_with_a_note(string rules, string before, string since)
    {
        var note = $"Cilium {before} does not have it; read as {since} reads it";
        Read(rules, before).Problems.ShouldBeEmpty();
        Read(rules, before).Notes.ShouldContain(n => n.Message == note);
        Read(rules, since)
            .Notes.ShouldNotContain(n => n.Message.Contains("does not have it", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("1.15.9", false)]
    [InlineData("1.16.0", true)]
    public void A_range_is_its_first_port_before_1_16(string release, bool hasRange)
    {
        PolicyReadResult read = Read("  ingress: [{toPorts: [{ports: [{port: '80', endPort: 90}]}]}]", release);
        read.Problems.ShouldBeEmpty();
        read.Notes.Any(n => n.Message.Contains("only the first port", StringComparison.Ordinal)).ShouldBe(!hasRange);
        IsOpen(read, TrafficDirection.Ingress, 80).ShouldBeTrue();
        IsOpen(read, TrafficDirection.Ingress, 90).ShouldBe(hasRange);
    }

    [Fact]
    public void An_empty_list_of_server_names_is_refused_since_1_18()
    {
        const string Rules = "  egress: [{toPorts: [{ports: [{port: '443', protocol: TCP}], serverNames: []}]}]";
        Read(Rules, "1.17.9").Problems.ShouldBeEmpty();
        Read(Rules, "1.18.0").Problems.ShouldHaveSingleItem().Message.ShouldContain("needs an entry");
    }

    /// <summary>The lab does not enforce them, where Cilium does.</summary>
    [Theory]
    [InlineData("ingress: [{fromRequires: [{}]}]")]
    [InlineData("egress: [{toRequires: [{}]}]")]
    public void Requirements_are_refused_for_what_they_are_in_a_release(string rules)
    {
        Read($"  {rules}", "1.18.9").Problems.ShouldHaveSingleItem().Message.ShouldContain("not enforced here");
        Read($"  {rules}", "1.19.0").Problems.ShouldHaveSingleItem().Message.ShouldContain("no longer takes it");
    }

    [Theory]
    [InlineData("1.15.9", false)]
    [InlineData("1.16.0", true)]
    public void A_network_policys_range_is_its_first_port_before_1_16(string release, bool hasRange)
    {
        PolicyReadResult read = PolicyReader.ReadYaml(
            PolicyLab.Kubernetes("  ingress: [{ports: [{port: 80, endPort: 90}]}]"),
            "f",
            Release(release)
        );
        read.Problems.ShouldBeEmpty();
        read.Notes.Any(n => n.Message.Contains("only the first port", StringComparison.Ordinal)).ShouldBe(!hasRange);
        IsOpen(read, TrafficDirection.Ingress, 80).ShouldBeTrue();
        IsOpen(read, TrafficDirection.Ingress, 90).ShouldBe(hasRange);
    }

    [Theory]
    [InlineData("1.15.9", false)]
    [InlineData("1.16.0", true)]
    public void A_group_selects_for_egress_since_1_16(string release, bool selects)
    {
        PolicyReadResult read = Read("  egress: [{toCIDRSet: [{cidrGroupRef: a}]}]", release);
        read.Problems.ShouldBeEmpty();
        IsOpen(read, TrafficDirection.Egress, 80).ShouldBe(selects);
    }

    private static bool IsOpen(PolicyReadResult read, TrafficDirection direction, ushort port)
    {
        var identities = new IdentityTable();
        EndpointIdentity backend = identities.Pod("backend", [KeyValuePair.Create("app", "backend")]);
        var groups = new PolicyReferences([new CidrGroup("a", [], [CidrBlock.Parse("203.0.113.0/24")!])], []);
        return !PolicySet
            .Create(read.Policies, identities, references: groups)
            .Evaluate(
                direction,
                backend,
                new Peer(identities.World, PolicyLab.Address("203.0.113.9")),
                port,
                L4Protocol.Tcp
            )
            .IsDrop;
    }

    private static PolicyReadResult Read(string rules, string release) =>
        PolicyReader.ReadYaml(PolicyLab.Backends(rules), "f", Release(release));

    private static CiliumVersion Release(string text) =>
        CiliumVersion.TryParse(text, out CiliumVersion release) ? release : throw new ArgumentException(text);
}
