using System.Diagnostics;
using CiliumDebugging.ClusterSetup.Policies;

namespace CiliumDebugging.ClusterSetup.Tests.Policies;

public class PolicySetScaleTests
{
    private const int Applications = 500;

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    public void A_warm_verdict_allocates_nothing(int policies)
    {
        var cluster = new Cluster(policies, pods: 200);
        cluster.EvaluateAll();
        long before = GC.GetAllocatedBytesForCurrentThread();
        int redirected = cluster.EvaluateAll();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
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

    /// <summary>Run on request (<c>--explicit only</c>): a rate depends on the machine and on what else it does.</summary>
    [Theory(Explicit = true)]
    [InlineData(1, 3, false)]
    [InlineData(1, 10_000, false)]
    [InlineData(100, 10_000, false)]
    [InlineData(1_000, 3, false)]
    [InlineData(1_000, 10_000, false)]
    [InlineData(1_000, 10_000, true)]
    public void A_warm_set_gives_five_million_verdicts_a_second_at_any_size(int policies, int pods, bool distinctLabels)
    {
        long memory = GC.GetTotalMemory(forceFullCollection: true);
        var cluster = new Cluster(policies, pods, distinctLabels);
        var cold = Stopwatch.StartNew();
        cluster.EvaluateRandom(2_000_000);
        cold.Stop();
        cluster.EvaluateRandom(2_000_000);
        const int Count = 20_000_000;
        var watch = Stopwatch.StartNew();
        cluster.EvaluateRandom(Count);
        double rate = Count / watch.Elapsed.TotalSeconds;
        memory = GC.GetTotalMemory(forceFullCollection: true) - memory;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{policies} policies, {pods} pods, {cluster.Table.Count} identities: {rate / 1e6:F1} million/s, first 2 million in {cold.Elapsed.TotalSeconds:F2} s, {memory >> 20} MiB");
        rate.ShouldBeGreaterThan(5e6);
        GC.KeepAlive(cluster);
    }

    /// <summary>Pods of 500 applications (or each with labels of its own), policies that each protect one application with HTTP rules, and one in ten that
    /// covers all of them.</summary>
    private sealed class Cluster
    {
        private readonly EndpointIdentity[] pods;

        public Cluster(int policies, int pods, bool distinctLabels = false)
        {
            this.pods = [.. Enumerable.Range(0, pods).Select(i => Table.Pod("backend", Labels(i, distinctLabels)))];
            Policies = PolicySet.Create(Enumerable.Range(0, policies).SelectMany(i => Lab.Read(Policy(i))), Table);
        }

        public IdentityTable Table { get; } = new();

        public PolicySet Policies { get; }

        public int EvaluateAll(PolicySet? set = null)
        {
            int redirected = 0;
            foreach (EndpointIdentity subject in pods)
            {
                foreach (EndpointIdentity peer in pods)
                    redirected += (set ?? Policies).Evaluate(TrafficDirection.Ingress, subject, new Peer(peer, 0), 8080, L4Protocol.Tcp).IsRedirect ? 1 : 0;
            }
            return redirected;
        }

        /// <summary>Both directions of connections between pods that a linear congruence picks (fast and without a cache-friendly order).</summary>
        public int EvaluateRandom(int count)
        {
            int redirected = 0;
            uint state = 1;
            for (int i = 0; i < count; i += 2)
            {
                state = state * 1664525 + 1013904223;
                EndpointIdentity source = pods[(int)((ulong)state * (uint)pods.Length >> 32)];
                state = state * 1664525 + 1013904223;
                EndpointIdentity destination = pods[(int)((ulong)state * (uint)pods.Length >> 32)];
                redirected += Policies.Evaluate(TrafficDirection.Egress, source, new Peer(destination, 0), 8080, L4Protocol.Tcp).IsRedirect ? 1 : 0;
                redirected += Policies.Evaluate(TrafficDirection.Ingress, destination, new Peer(source, 0), 8080, L4Protocol.Tcp).IsRedirect ? 1 : 0;
            }
            return redirected;
        }

        private static KeyValuePair<string, string>[] Labels(int pod, bool distinct)
        {
            KeyValuePair<string, string>[] labels = [KeyValuePair.Create("app", $"app-{pod % Applications}")];
            return distinct ? [.. labels, KeyValuePair.Create("pod", $"pod-{pod}")] : labels;
        }

        private static string Policy(int i) => $$$"""
            apiVersion: cilium.io/v2
            kind: CiliumNetworkPolicy
            metadata: {name: policy-{{{i}}}, namespace: backend}
            spec:
              endpointSelector: {{{(i % 10 == 9 ? "{}" : $"{{matchLabels: {{app: app-{i % Applications}}}}}")}}}
              ingress:
              - fromEndpoints: [{matchLabels: {app: app-{{{i * 7 % Applications}}}}}, {matchLabels: {app: app-{{{i * 3 % Applications}}}}}]
                toPorts: [{ports: [{port: "8080", protocol: TCP}], rules: {http: [{method: GET}, {path: "/app-{{{i % 7}}}"}]}}]
              egress:
              - toEndpoints: [{}]
                toPorts: [{ports: [{port: "8000", endPort: 9000}]}]
            """;
    }
}
