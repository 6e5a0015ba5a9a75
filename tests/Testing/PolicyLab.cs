using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;

namespace CiliumDebugging.Testing;

/// <summary>The pods of the original report and what policies decide on them.</summary>
internal sealed class PolicyLab
{
    public PolicyLab(params string[] policies) => Policies = PolicySet.Create(policies.SelectMany(Read), Identities);

    public IdentityTable Identities { get; } = new();

    public PolicySet Policies { get; private set; }

    public EndpointIdentity Backend => Pod("backend", ("app", "backend"), ("version", "v1"));

    public EndpointIdentity LoadTest => Pod("load-test", ("app", "load-test-1"));

    public static IEnumerable<NetworkPolicyModel> Read(string yaml)
    {
        PolicyReadResult result = PolicyReader.ReadYaml(yaml, "test.yaml");
        result.Problems.ShouldBeEmpty();
        return result.Policies;
    }

    public static string Scenario(string name) =>
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "scenarios", name));

    /// <summary>
    /// A CiliumNetworkPolicy of namespace backend that selects app=backend; the spec's other lines are given with two
    /// spaces of indentation.
    /// </summary>
    public static string Backends(string rules, string name = "policy") =>
        $$$"""
            apiVersion: cilium.io/v2
            kind: CiliumNetworkPolicy
            metadata: {name: {{{name}}}, namespace: backend}
            spec:
              endpointSelector: {matchLabels: {app: backend}}

            """ + rules;

    /// <summary>A NetworkPolicy of namespace backend that selects app=backend.</summary>
    public static string Kubernetes(string rules) =>
        """
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: policy, namespace: backend}
            spec:
              podSelector: {matchLabels: {app: backend}}

            """ + rules;

    public EndpointIdentity Pod(string podNamespace, params (string Key, string Value)[] labels) =>
        Identities.Pod(podNamespace, labels.Select(l => KeyValuePair.Create(l.Key, l.Value)));

    public PolicyVerdict Ingress(
        EndpointIdentity from,
        ushort port = 8080,
        L4Protocol protocol = L4Protocol.Tcp,
        uint address = 0
    ) => Policies.Evaluate(TrafficDirection.Ingress, Backend, new Peer(from, address), port, protocol);

    public PolicyVerdict Egress(
        EndpointIdentity to,
        ushort port = 8080,
        L4Protocol protocol = L4Protocol.Tcp,
        uint address = 0
    ) => Policies.Evaluate(TrafficDirection.Egress, Backend, new Peer(to, address), port, protocol);

    /// <summary>192.0.2.1 and the like as a number.</summary>
    public static uint Address(string text) => CidrBlock.Parse(text + "/32")!.First;
}
