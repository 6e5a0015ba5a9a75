using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;
using static CiliumDebugging.Measurement.Tests.Diagnosis.SyntheticFaults;

namespace CiliumDebugging.Measurement.Tests.Diagnosis;

/// <summary>One simulated run.</summary>
/// <param name="Truth">What was simulated.</param>
/// <param name="Names">The diagnoses that are true of it; "unknown" always is.</param>
/// <param name="Evidence">What client, Hubble and backends count.</param>
internal sealed record SyntheticRun(string Truth, string[] Names, Evidence Evidence);

/// <summary>Simulated runs of every mechanism that a rule knows, and of faults that none knows. Only
/// <see cref="SyntheticRun.Truth"/> and the names tell which.</summary>
internal static class SyntheticRuns
{
    private delegate void Simulation(SyntheticPhase phase, Random random, int requests);

    private sealed record Kind(string Truth, string[] Names, Func<Random, SyntheticPhase> Cluster, Simulation Run);

    private static readonly Kind[] s_all =
    [
        new("even", ["even"], Default, Even),
        new("even, one Hubble node lost", ["even"], Default, (p, r, n) =>
        {
            p.LostNode = p.Pods[r.Next(p.Pods.Length)].Node;
            p.Rules = (false, true);
            Even(p, r, n);
        }),
        new("two-sided-l7", ["two-sided-l7"], Default, TwoSided),
        new("two-sided-l7, a Hubble node lost", ["two-sided-l7"], Default, (p, r, n) =>
        {
            p.LostNode = p.Pods[r.Next(p.Pods.Length)].Node;
            TwoSided(p, r, n);
        }),
        new("stale-conntrack", ["stale-conntrack"], Default, StaleConntrack),
        new("stale-conntrack, few ports used before", ["stale-conntrack"], Default, (p, r, n) =>
            StaleConntrack(p, r, n, before: r.Next(200, 4000))
        ),
        new(
            "stale-conntrack, every port used before",
            ["stale-conntrack"],
            r => new SyntheticPhase(r, r.Next(3, 8)),
            (p, r, n) => StaleConntrack(p, r, n + 2000, before: 10_000, ports: 700)
        ),
        new("a pod replaced, and no memory of ports", ["even"], Default, (p, r, n) =>
        {
            New(p, 0);
            Each(n, _ => p.Answer(p.Any(), usedBefore: r.Next(2) == 0));
        }),
        new("keepalive-pinning", ["keepalive-pinning"], Default, (p, r, n) => KeepAlive(p, r, n)),
        new("session-affinity", ["session-affinity"], Default, Affinity),
        new("local-traffic-policy", ["local-traffic-policy"], Default, (p, r, n) =>
        {
            p.Service = p.Service with { InternalLocal = true };
            Among(p, n, p.IsLocal);
        }),
        new(
            "local-traffic-policy from outside",
            ["local-traffic-policy"],
            r => new SyntheticPhase(r, 3, 2, [0, 1, 1]),
            ExternalLocal
        ),
        new("zone-routing", ["zone-routing"], Default, Zones),
        new("unready-pod", ["unready-pod"], r => new SyntheticPhase(r), Unready),
        new("l7-denial", ["l7-denial"], Default, Denial),
        new("retry-amplification", ["retry-amplification"], Default, (p, r, n) => OwnErrors(p, r, n, retries: true)),
        new("stale-backends-on-node", ["stale-backends-on-node"], Default, StaleNode),
        new("a pod's own 503", [], Default, (p, r, n) => OwnErrors(p, r, n, retries: false)),
        new("remote pods' own 503 between HTTP rules on both sides", [], Default, RemoteOwnErrors),
        new("a pod's own 403", [], Default, (p, r, n) => OwnErrors(p, r, n, retries: false, status: 403)),
        new("a slow pod", [], Default, (p, r, n) =>
        {
            var slow = p.Any();
            p.LatencyMs = i => i == slow ? 2000 : 2;
            Even(p, r, n);
        }),
        new("network to other nodes broken before and after the rules", [], Default, BrokenNetwork),
        new("a pod refuses connections", [], Default, (p, r, n) =>
        {
            var bad = p.Any();
            Each(n, _ =>
            {
                var to = p.Any();
                if (to == bad)
                    p.Dropped("ConnectRefused");
                else
                    p.Answer(to);
            });
        }),
        new("one pod is chosen three times as often", [], Default, (p, r, n) =>
        {
            Decoys(p, r);
            Each(n, _ => p.Answer(r.Next(p.Pods.Length + 2) is var i && i < p.Pods.Length ? i : 0));
        }),
        new("a new pod starts slowly, on all ports", [], Default, SlowStart),
        new("the client's node does not know a new pod", [], Default, UnknownPod),
        new("the client's node does not know a new pod and chooses by port", [], Default, (p, r, n) =>
        {
            New(p, 0);
            Each(n, i => p.Answer(1 + i % 500 % (p.Pods.Length - 1), port: 40_000 + i % 500, usedBefore: true));
        }),
        new("proxies on the backends' nodes overflow", [], Default, (p, r, n) =>
        {
            p.Rules = (r.Next(2) == 0, true);
            Each(n, _ =>
            {
                var to = p.Any();
                if (r.Next(5) == 0)
                    p.ProxyError(to, p.Pods[to].Node);
                else
                    p.Answer(to);
            });
        }),
        new("one kept-alive connection and affinity", ["session-affinity", "keepalive-pinning"], Default, (p, r, n) =>
        {
            p.Service = p.Service with { ClientIpAffinity = true };
            KeepAlive(p, r, n);
        }),
        new("keepalive and a slow pod", ["keepalive-pinning"], Default, (p, r, n) => KeepAlive(p, r, n, slow: true)),
        new("affinity and the pod's own 503", ["session-affinity"], Default, (p, r, n) =>
        {
            p.Service = p.Service with { ClientIpAffinity = true };
            var to = p.Any();
            Each(n, i => p.Answer(to, i % 3 == 0 ? 503 : 200));
        }),
        new("affinity and a local policy", ["session-affinity", "local-traffic-policy"], Default, (p, r, n) =>
        {
            p.Service = p.Service with { ClientIpAffinity = true, InternalLocal = true };
            var to = Indices(p, p.IsLocal)[0];
            Each(n, _ => p.Answer(to));
        }),
    ];

    /// <summary>Runs of every kind.</summary>
    public static IEnumerable<SyntheticRun> All(int seeds) =>
        from kind in s_all.Select((k, i) => (Kind: k, Index: i))
        from seed in Enumerable.Range(0, seeds)
        select Simulate(kind.Kind, new Random(1000 * kind.Index + seed));

    private static SyntheticRun Simulate(Kind kind, Random random)
    {
        var phase = kind.Cluster(random);
        kind.Run(phase, random, random.Next(300, 6000));
        return new SyntheticRun(kind.Truth, kind.Names, phase.Evidence());
    }
}
