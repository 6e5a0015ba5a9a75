using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

public class KubernetesPolicyRefusalTests
{
    [Theory]
    [InlineData("  ingress: [{ports: [{port: '80'}]}]", "spec.ingress[0].ports[0].port", "without quotes")]
    [InlineData("  ingress: [{ports: [{port: 0}]}]", "spec.ingress[0].ports[0].port", "1 to 65535")]
    [InlineData("  ingress: [{ports: [{port: Web}]}]", "spec.ingress[0].ports[0].port", "lower-case")]
    [InlineData(
        "  ingress: [{ports: [{port: 80, endPort: 79}]}]",
        "spec.ingress[0].ports[0].endPort",
        "below its start"
    )]
    [InlineData("  ingress: [{ports: [{endPort: 79}]}]", "spec.ingress[0].ports[0].endPort", "needs a number")]
    [InlineData("  ingress: [{ports: [{protocol: ANY}]}]", "spec.ingress[0].ports[0].protocol", "TCP, UDP or SCTP")]
    [InlineData("  ingress: [{from: [{}]}]", "spec.ingress[0].from[0]", "a peer needs")]
    [InlineData(
        "  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]",
        "spec.ingress[0].from[0]",
        "cannot be combined"
    )]
    [InlineData("  ingress: [{to: []}]", "spec.ingress[0].to", "unknown field")]
    [InlineData("  policyTypes: [ingress]", "spec.policyTypes[0]", "Ingress or Egress")]
    [InlineData("  policyTypes: Egress", "spec.policyTypes", "must be a list")]
    [InlineData("  ingressDeny: []", "spec.ingressDeny", "unknown field")]
    [InlineData(
        "  ingress: [{from: [{podSelector: {matchLabels: {'k8s:app': x}}}]}]",
        "spec.ingress[0].from[0].podSelector.matchLabels.k8s:app",
        "label key"
    )]
    public void A_kubernetes_policy_is_refused_for(string rules, string field, string message)
    {
        PolicyProblem problem = PolicyProblems.SingleOf(PolicyLab.Kubernetes(rules));
        problem.Field.ShouldBe(field);
        problem.Message.ShouldContain(message);
    }
}
