using BenchmarkDotNet.Attributes;
using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Datapath.Policies.Manifests;

namespace CiliumDebugging.Bench.Policies;

/// <summary>What one policy verdict costs once the set is warm, by the number of policies and of Pods: it must depend
/// on neither.</summary>
[MemoryDiagnoser]
public class PolicyVerdicts
{
    private const int Applications = 500;
    private const int Verdicts = 2_000_000;
    private EndpointIdentity[] _pods = [];
    private PolicySet? _policies;

    /// <summary>Policies; each protects one application with HTTP rules, and one in ten covers all of them.</summary>
    [Params(1, 1_000)]
    public int Policies { get; set; }

    /// <summary>Pods of 500 applications.</summary>
    [Params(3, 10_000)]
    public int Pods { get; set; }

    /// <summary>Reads the policies and warms the set up.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var table = new IdentityTable();
        _pods =
        [
            .. Enumerable
                .Range(0, Pods)
                .Select(i => table.Pod("backend", [KeyValuePair.Create("app", $"app-{i % Applications}")])),
        ];
        _policies = PolicySet.Create(
            Enumerable.Range(0, Policies).SelectMany(i => PolicyReader.ReadYaml(Yaml(i), $"policy-{i}.yaml").Policies),
            table
        );
        Evaluate();
    }

    /// <summary>Both directions of connections between Pods that a linear congruence picks (fast, and in no
    /// cache-friendly order).</summary>
    [Benchmark(OperationsPerInvoke = Verdicts)]
    public int Evaluate()
    {
        var redirected = 0;
        uint state = 1;
        for (var i = 0; i < Verdicts; i += 2)
        {
            var source = Next(ref state);
            var destination = Next(ref state);
            if (
                _policies!
                    .Evaluate(TrafficDirection.Egress, source, new Peer(destination, 0), 8080, L4Protocol.Tcp)
                    .IsRedirect
            )
                redirected++;
            if (
                _policies
                    .Evaluate(TrafficDirection.Ingress, destination, new Peer(source, 0), 8080, L4Protocol.Tcp)
                    .IsRedirect
            )
                redirected++;
        }
        return redirected;
    }

    private EndpointIdentity Next(ref uint state)
    {
        state = state * 1664525 + 1013904223;
        return _pods[(int)((ulong)state * (uint)_pods.Length >> 32)];
    }

    private static string Yaml(int i) =>
        $$$"""
            apiVersion: cilium.io/v2
            kind: CiliumNetworkPolicy
            metadata: {name: policy-{{{i}}}, namespace: backend}
            spec:
              endpointSelector: {{{(i % 10 == 9 ? "{}" : $"{{matchLabels: {{app: app-{i % Applications}}}}}")}}}
              ingress:
              - fromEndpoints: [{matchLabels: {app: app-{{{i * 7 % Applications}}}}}, {matchLabels: {app: app-{{{i
                * 3
                % Applications}}}}}]
                toPorts: [{ports: [{port: "8080", protocol: TCP}], rules: {http: [{method: GET}, {path: "/app-{{{i
                % 7}}}"}]}}]
              egress:
              - toEndpoints: [{}]
                toPorts: [{ports: [{port: "8000", endPort: 9000}]}]
            """;
}
