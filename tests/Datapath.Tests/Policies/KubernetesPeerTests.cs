using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Releases;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

/// <summary>Which peers the rules of a NetworkPolicy mean.</summary>
public class KubernetesPeerTests
{
    private static bool Allows(PolicyLab lab, EndpointIdentity peer, uint address = 0) =>
        lab.Ingress(peer, address: address) == PolicyVerdict.Allow;

    [Fact]
    public void Ciliums_ipBlock_allows_the_pods_of_the_namespace_and_the_reader_is_told()
    {
        string policy = PolicyLab.Kubernetes("  ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}]");
        PolicyReader.ReadYaml(policy, "f").Notes.ShouldHaveSingleItem().Message.ShouldContain("a bug of Cilium's");
        var lab = new PolicyLab(policy);
        Allows(lab, lab.Pod("backend", ("app", "any"))).ShouldBeTrue();
        Allows(lab, lab.LoadTest).ShouldBeFalse();
        foreach (string other in (string[])["1.9.0", "1.18.9", "1.19.5", "1.20.0"])
        {
            CiliumVersion.TryParse(other, out CiliumVersion release).ShouldBeTrue();
            PolicyReadResult read = PolicyReader.ReadYaml(policy, "f", release);
            read.Notes.ShouldBeEmpty();
            PolicySet
                .Create(read.Policies, lab.Identities)
                .Evaluate(
                    TrafficDirection.Ingress,
                    lab.Backend,
                    new Peer(lab.Pod("backend", ("app", "any")), 0),
                    8080,
                    L4Protocol.Tcp
                )
                .IsDrop.ShouldBeTrue(other);
        }
    }

    [Fact]
    public void Kubernetes_peers_combine_pod_and_namespace_selectors()
    {
        var lab = new PolicyLab(
            PolicyLab.Kubernetes(
                """
                  ingress:
                  - from:
                    - podSelector: {matchLabels: {app: near}}
                    - namespaceSelector: {matchLabels: {team: red}}
                    - namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [blue]}]}
                      podSelector: {matchLabels: {app: far}}
                    - ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.8/29]}
                """
            )
        );
        EndpointIdentity InTeam(string team, string app) =>
            lab.Identities.Pod("other", [KeyValuePair.Create("app", app)], [KeyValuePair.Create("team", team)]);
        Allows(lab, lab.Pod("backend", ("app", "near"))).ShouldBeTrue();
        Allows(lab, lab.Pod("other", ("app", "near"))).ShouldBeFalse();
        Allows(lab, InTeam("red", "x")).ShouldBeTrue();
        Allows(lab, InTeam("blue", "x")).ShouldBeFalse();
        Allows(lab, InTeam("blue", "far")).ShouldBeTrue();
        Allows(lab, lab.Identities.World, PolicyLab.Address("192.0.2.7")).ShouldBeTrue();
        Allows(lab, lab.Identities.World, PolicyLab.Address("192.0.2.8")).ShouldBeFalse();
    }

    [Fact]
    public void An_empty_namespaceSelector_means_all_pods_and_nothing_else()
    {
        var lab = new PolicyLab(PolicyLab.Kubernetes("  ingress: [{from: [{namespaceSelector: {}}]}]"));
        Allows(lab, lab.LoadTest).ShouldBeTrue();
        Allows(lab, lab.Identities.World).ShouldBeFalse();
        Allows(lab, lab.Identities.RemoteNode).ShouldBeFalse();
    }

    /// <summary>The policy's own namespace takes the place of one that the labels of Pods name (cilium,
    /// parsePodSelector); one in an expression stays beside it.</summary>
    [Fact]
    public void A_podSelector_selects_in_the_namespace_of_the_policy_whatever_its_labels_name()
    {
        string policy = PolicyLab
            .Kubernetes("  ingress: [{from: [{podSelector: {matchLabels: {io.kubernetes.pod.namespace: other}}}]}]")
            .Replace("app: backend", "io.kubernetes.pod.namespace: other", StringComparison.Ordinal);
        var lab = new PolicyLab(policy);
        Allows(lab, lab.Pod("backend", ("app", "near"))).ShouldBeTrue();
        Allows(lab, lab.Pod("other", ("app", "near"))).ShouldBeFalse();
        var expression = new PolicyLab(
            PolicyLab.Kubernetes(
                """
                  ingress:
                  - from:
                    - podSelector:
                        matchExpressions: [{key: io.kubernetes.pod.namespace, operator: In, values: [other]}]
                """
            )
        );
        Allows(expression, expression.Pod("backend", ("app", "near"))).ShouldBeFalse();
    }
}
