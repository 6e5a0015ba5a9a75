using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using CiliumDebugging.Datapath.Policies.Manifests;
using CiliumDebugging.Lab.Scenarios;
using CiliumDebugging.Lab.Simulation;

namespace CiliumDebugging.Bench.Datapath;

/// <summary>The simulator's promises: <c>taskset -c 0 dotnet run -c Release --project bench -- datapath</c>. At least 5
/// million connections/s on one core with conntrack on, 1,000 nodes × 10,000 backends in under 2 GiB, and a cost per
/// connection that depends neither on the number of Pods nor on that of policies. Counts processor time, so that a busy
/// machine matters less. Exit code 1 when a promise is broken.</summary>
internal static class DatapathBenchmark
{
    private const int Repeats = 3;

    public static int Run(string[] args)
    {
        var connections = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 10_000_000;
        Console.WriteLine("nodes   pods   policies   million connections/s of processor time (best of 3)");
        var three = Row(connections, 3, 3, 0);
        var kept = three >= 5e6;
        kept &= Row(connections, 3, 100, 0) > three / 2;
        kept &= Row(connections, 3, 10_000, 0) > three / 2;
        kept &= Row(connections, 1_000, 10_000, 0) > three / 2;
        kept &= Row(connections, 3, 3, 1) > three / 2;
        kept &= Row(connections, 3, 3, 1_000) > three / 2;
        kept &= Row(connections, 1_000, 10_000, 1_000) > three / 2;
        using var process = Process.GetCurrentProcess();
        var peak = process.PeakWorkingSet64 / (double)(1 << 20);
        kept &= peak < 2048;
        Console.WriteLine($"peak memory {peak:N0} MiB");
        Console.WriteLine(kept ? "All promises kept." : "A promise is broken.");
        return kept ? 0 : 1;
    }

    private static double Row(int connections, int nodes, int pods, int policies)
    {
        var best = 0.0;
        var scenario = Scenario(policies);
        for (var i = 0; i < Repeats; i++)
        {
            // The build of the cluster is not part of a connection: the time of a run without load is taken off.
            var idle = Seconds(scenario, nodes, pods, 1);
            best = Math.Max(best, connections / (Seconds(scenario, nodes, pods, connections) - idle));
        }
        Console.WriteLine($"{nodes, 5} {pods, 6} {policies, 10} {best / 1e6, 8:0.00}");
        return best;
    }

    private static double Seconds(Scenario scenario, int nodes, int pods, int connections)
    {
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        var result = Simulator.Run(
            scenario,
            new SimulationOptions
            {
                Nodes = nodes,
                Pods = pods,
                RatePerSecond = connections,
                Duration = TimeSpan.FromSeconds(1),
                SamplesPerPhase = 1,
            }
        );
        process.Refresh();
        if (result.Outcomes.GetValueOrDefault(SimulatedOutcome.Ok) < connections * 0.999)
            throw new InvalidOperationException("not every connection arrived");
        return (process.TotalProcessorTime - before).TotalSeconds;
    }

    /// <summary>One phase; L4 policies that select the backends and allow the client, each from peers of its own
    /// besides.</summary>
    private static Scenario Scenario(int policies)
    {
        var text = string.Join(
            "---\n",
            Enumerable
                .Range(0, policies)
                .Select(i =>
                    $$$"""
                        apiVersion: cilium.io/v2
                        kind: CiliumNetworkPolicy
                        metadata: {name: policy-{{{i}}}, namespace: backend}
                        spec:
                          endpointSelector: {matchLabels: {app: backend}}
                          ingress:
                            - fromEndpoints:
                                - matchLabels: {k8s:io.kubernetes.pod.namespace: load-test, app: load-test-1}
                                - matchLabels: {team: team-{{{i}}}}
                              toPorts: [{ports: [{port: "8080", protocol: TCP}]}]

                        """
                )
        );
        var models = policies == 0 ? [] : PolicyReader.ReadYaml(text, "policies.yaml").Policies;
        var objects = policies == 0 ? [] : YamlManifest.Read(text).Select(d => d.ToJson()!.AsObject());
        var load = new LoadSpec(new Uri("http://backend-1.backend:8080/echo"), "POST", "foo", 50);
        return new Scenario(
            "benchmark",
            "",
            "",
            ImmutableSortedDictionary<string, string>.Empty,
            load,
            [
                new ApplyStep("policies.yaml", [.. objects.Zip(models, (o, m) => new PolicyManifest(o, m))]),
                new PhaseStep("load", TimeSpan.FromSeconds(1)),
            ],
            []
        );
    }
}
