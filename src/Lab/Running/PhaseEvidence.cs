using System.Collections.Immutable;
using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Lab.Running;

/// <summary>What a diagnosis may use: counters and objects of the cluster, not the emulator's own settings.</summary>
internal static class PhaseEvidence
{
    public static Evidence Of(ScenarioRun run, MeasuredPhase measured, PhaseReport phase, PhaseReport? previous)
    {
        var (clientNode, cluster, settings) = (run.ClientNode, run.Cluster, run.Settings);
        var (tally, policies, service) = measured;
        var counted = (tally.After ?? tally.Before).Since(tally.Before);
        var proxyFailures = counted
            .Responses.Where(r => r.Key.Node == clientNode && r.Key.Status >= 500)
            .GroupBy(r => r.Key.Pod)
            .ToImmutableDictionary(g => g.Key, g => g.Sum(r => r.Value));
        var visible = settings
            .Where(s => !s.Key.StartsWith("sandbox-", StringComparison.Ordinal))
            .ToImmutableSortedDictionary(StringComparer.Ordinal);
        return new Evidence
        {
            Phase = phase,
            Previous = previous,
            ClientNode = clientNode,
            ProxyFailuresByPod = proxyFailures,
            ClientHasEgressL7 = policies.Egress,
            BackendsHaveIngressL7 = policies.Ingress,
            DeniedPods = service.Service.FromOutside ? [] : policies.Denied,
            EntryNode = service.EntryNode,
            CiliumVersion = cluster.CiliumVersion,
            IsEmulated = cluster.IsEmulated,
            Settings = visible,
            Service = service.Service,
            Endpoints = service.Endpoints,
            UnknownAddresses = service.UnknownAddresses,
            ClientZone = service.ClientZone,
            Connections = tally.Connections with { AreHttp2 = run.Scenario.Load.Http2 },
            SilentPods = tally.SilentPods,
            NodesWithoutHubble = [.. counted.MissingNodes],
            ClientNodes =
            [
                .. phase.ClientNodes.Select(row => new ClientNodeFacts(
                    row.ClientNode,
                    row.Verdict.Shares.Zip(row.Counts.PerBackend)
                        .ToImmutableDictionary(s => s.First.Backend, s => s.Second),
                    phase.ClientNodes.Length == 1 ? phase.Failures : row.Counts.Unattributed
                )),
            ],
        };
    }
}
