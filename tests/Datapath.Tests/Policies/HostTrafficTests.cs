using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>The host of the Pods: what policies do to its traffic, and that they never select it.</summary>
public class HostTrafficTests
{
    private static readonly PolicyVerdict s_denied = PolicyVerdict.Drop(DropReason.PolicyDenied);

    [Fact]
    public void The_host_of_the_pods_node_may_come_in_unless_a_deny_rule_covers_it()
    {
        var denied = new PolicyLab(PolicyLab.Backends("  ingressDeny: [{fromEntities: [host]}]"));
        denied.Ingress(denied.Identities.Host).ShouldBe(PolicyVerdict.Drop(DropReason.DeniedByDenyRule));
        var lab = new PolicyLab(
            PolicyLab.Backends("  ingress: [{}]\n  ingressDeny: [{fromEntities: [world]}]\n  egress: [{}]")
        );
        lab.Ingress(lab.Identities.Host).ShouldBe(PolicyVerdict.Allow);
        lab.Ingress(lab.Identities.KubeApiServerOnHost).ShouldBe(PolicyVerdict.Allow);
        lab.Ingress(lab.Identities.RemoteNode).IsDrop.ShouldBeTrue();
        lab.Egress(lab.Identities.Host).ShouldBe(s_denied);
    }

    [Fact]
    public void The_host_is_redirected_without_restriction_where_http_rules_cover_it()
    {
        var lab = new PolicyLab(
            PolicyLab.Backends(
                """  ingress: [{toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{method: GET}]}}]}]"""
            )
        );
        lab.Ingress(lab.Identities.Host, 80).ShouldBe(PolicyVerdict.Redirect(HttpRuleSet.AllowAll));
        lab.Ingress(lab.Identities.Host, 81).ShouldBe(PolicyVerdict.Allow);
    }

    [Theory]
    [InlineData("fromEntities: [host]", true)]
    [InlineData("fromEntities: [cluster]", true)]
    [InlineData("fromEntities: [all, host]", true)]
    [InlineData("fromEndpoints: [{matchLabels: {'reserved:host': ''}}]", true)]
    [InlineData("fromEntities: [all]", false)]
    public void Http_rules_bind_the_host_where_they_name_it(string peers, bool bound)
    {
        var lab = new PolicyLab(
            PolicyLab.Backends(
                $"  ingress: [{{{peers}, toPorts: [{{ports: [{{port: '80', protocol: TCP}}], rules: {{http: [{{method: GET}}]}}}}]}}]"
            )
        );
        lab.Ingress(lab.Identities.Host, 80).Http!.Allows("POST", "/", "", null).ShouldBe(!bound);
    }

    [Fact]
    public void Hosts_and_the_world_are_no_subjects()
    {
        var lab = new PolicyLab(
            PolicyLab
                .Backends("  ingress: [{}]")
                .Replace("NetworkPolicy", "ClusterwideNetworkPolicy", StringComparison.Ordinal)
                .Replace(", namespace: backend", "", StringComparison.Ordinal)
                .Replace("{matchLabels: {app: backend}}", "{}", StringComparison.Ordinal)
        );
        foreach (
            EndpointIdentity subject in (EndpointIdentity[])
                [lab.Identities.Host, lab.Identities.RemoteNode, lab.Identities.World]
        )
            lab.Policies.Evaluate(TrafficDirection.Ingress, subject, new Peer(lab.LoadTest, 0), 80, L4Protocol.Tcp)
                .ShouldBe(PolicyVerdict.Allow);
        lab.Ingress(lab.LoadTest).ShouldBe(s_denied);
    }
}
