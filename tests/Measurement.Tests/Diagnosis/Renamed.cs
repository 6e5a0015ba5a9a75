using System.Collections.Immutable;
using CiliumDebugging.Measurement.Diagnosis;
using CiliumDebugging.Measurement.Runs;

namespace CiliumDebugging.Measurement.Tests.Diagnosis;

/// <summary>The same evidence with other names for Pods, namespaces and nodes.</summary>
internal static class Renamed
{
    private static string New(string name) => $"x{string.Concat(name.Reverse())}";

    private static string Both(string name) => string.Join('/', name.Split('/').Select(New));

    public static Evidence All(Evidence evidence) =>
        evidence with
        {
            Phase = Phase(evidence.Phase),
            Previous = evidence.Previous is { } previous ? Phase(previous) : null,
            ClientNode = New(evidence.ClientNode),
            EntryNode = evidence.EntryNode is { } entry ? New(entry) : null,
            SilentPods = [.. evidence.SilentPods.Select(Both)],
            DeniedPods = [.. evidence.DeniedPods.Select(Both)],
            ProxyFailuresByPod = evidence.ProxyFailuresByPod.ToImmutableDictionary(p => Both(p.Key), p => p.Value),
            Endpoints = evidence.Endpoints.ToImmutableDictionary(e => Both(e.Key), e => e.Value),
            Connections = evidence.Connections is { } c
                ? c with
                {
                    ByPod = Keys(c.ByPod),
                    OnOldPorts = Keys(c.OnOldPorts),
                    OnNewPorts = Keys(c.OnNewPorts),
                    Repeats = c.Repeats.ToImmutableDictionary(r => (New(r.Key.Before), New(r.Key.Now)), r => r.Value),
                }
                : null,
            ClientNodes = [.. evidence.ClientNodes.Select(n => n with { Node = New(n.Node), ByPod = Keys(n.ByPod) })],
            NodesWithoutHubble = [.. evidence.NodesWithoutHubble.Select(New)],
        };

    private static PhaseReport Phase(PhaseReport phase) =>
        phase with
        {
            Pods =
            [
                .. phase.Pods.Select(p =>
                    p with
                    {
                        Pod = p.Pod with
                        {
                            Name = New(p.Pod.Name),
                            Namespace = New(p.Pod.Namespace),
                            Node = New(p.Pod.Node),
                        },
                    }
                ),
            ],
        };

    private static ImmutableDictionary<string, long> Keys(ImmutableDictionary<string, long> counts) =>
        counts.ToImmutableDictionary(c => New(c.Key), c => c.Value);
}
