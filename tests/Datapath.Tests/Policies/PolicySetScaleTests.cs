using CiliumDebugging.Datapath.Policies;
using CiliumDebugging.Testing;

namespace CiliumDebugging.Datapath.Tests.Policies;

public class PolicySetScaleTests
{
    private const int Applications = 500;

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    public void A_warm_verdict_allocates_nothing(int policies)
    {
        var cluster = new Cluster(policies, pods: 200);
        int redirected = cluster.EvaluateAll();
        Allocated.MinOfRuns(() => redirected = cluster.EvaluateAll()).ShouldBe(0);
        redirected.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Pods_with_equal_labels_share_an_identity()
    {
        var cluster = new Cluster(policies: 1, pods: 10_000);
        cluster.Table.Count.ShouldBeLessThan(Applications + 20);
    }

    [Fact]
    public void Concurrent_questions_to_a_cold_set_get_the_answers_of_a_warm_one()
    {
        var warm = new Cluster(policies: 100, pods: 300);
        int expected = warm.EvaluateAll();
        for (int round = 0; round < 5; round++)
        {
            var cold = PolicySet.Create(warm.Policies.Policies, warm.Table);
            int[] answers = new int[4];
            Parallel.For(0, answers.Length, i => answers[i] = warm.EvaluateAll(cold));
            answers.ShouldAllBe(a => a == expected);
        }
    }

    /// <summary>Pods of 500 applications, policies that each protect one application with HTTP rules, and one in ten
    /// that covers all of them.</summary>
    private sealed class Cluster
    {
        private readonly EndpointIdentity[] _pods;

        public Cluster(int policies, int pods)
        {
            _pods = [.. Enumerable.Range(0, pods).Select(i => Table.Pod("backend", Labels(i)))];
            Policies = PolicySet.Create(
                Enumerable.Range(0, policies).SelectMany(i => PolicyLab.Read(Policy(i))),
                Table
            );
        }

        public IdentityTable Table { get; } = new();

        public PolicySet Policies { get; }

        public int EvaluateAll(PolicySet? set = null)
        {
            int redirected = 0;
            foreach (EndpointIdentity subject in _pods)
            {
                foreach (EndpointIdentity peer in _pods)
                    redirected += (set ?? Policies)
                        .Evaluate(TrafficDirection.Ingress, subject, new Peer(peer, 0), 8080, L4Protocol.Tcp)
                        .IsRedirect
                        ? 1
                        : 0;
            }
            return redirected;
        }

        private static KeyValuePair<string, string>[] Labels(int pod) =>
            [KeyValuePair.Create("app", $"app-{pod % Applications}")];

        private static string Policy(int i) =>
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
}
