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
        new("even", ["even", "undecided"], Few, (p, r, n) => Even(p, r, n + 5000)),
        new("even, one Hubble node lost", ["even", "undecided"], Few, (p, r, n) =>
        {
            p.LostNode = p.Pods[r.Next(p.Pods.Length)].Node;
            p.Rules = (false, true);
            Even(p, r, n + 5000);
        }),
        new("undecided, too little load", ["undecided"], Default, (p, r, n) => Even(p, r, 200 + n / 20)),
        new("few-client-ports", ["few-client-ports", "undecided"], Default, (p, r, n) =>
            FewPorts(p, r, n, ports: r.Next(2, 30))
        ),
        new("some hundred client ports", ["few-client-ports", "undecided"], Default, (p, r, n) =>
            FewPorts(p, r, n, ports: r.Next(100, 500))
        ),
        new(
            "few client ports, and a pod replaced",
            ["few-client-ports", "stale-conntrack", "undecided"],
            Default,
            (p, r, n) => StaleConntrack(p, r, n, before: 10_000, ports: r.Next(3, 60))
        ),
        new("few client ports without a memory", ["even", "undecided"], Default, (p, r, n) =>
            Each(n, _ => p.Answer(p.Any(), port: 40_000 + r.Next(16), usedBefore: true))
        ),
        new("few client ports without a memory, one pod is chosen three times as often", [], Default, (p, r, n) =>
            Each(n, _ =>
                p.Answer(r.Next(p.Pods.Length + 2) is var i && i < p.Pods.Length ? i : 0, port: 40_000 + r.Next(16))
            )
        ),
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
        new("silent-close", ["silent-close"], Default, (p, r, n) =>
        {
            p.Version = "1.16.0";
            StaleConntrack(p, r, n);
        }),
        new("a pod replaced, and no memory of ports", ["even", "undecided"], Few, (p, r, n) =>
        {
            New(p, 0);
            Each(n + 5000, _ => p.Answer(p.Any(), usedBefore: r.Next(2) == 0));
        }),
        new("keepalive-pinning", ["keepalive-pinning"], Default, (p, r, n) => KeepAlive(p, r, n)),
        new("http2-pinning", ["http2-pinning"], Default, (p, r, n) =>
        {
            p.IsHttp2 = true;
            KeepAlive(p, r, n);
        }),
        new("HTTP/2 and a slow pod", ["http2-pinning"], Default, (p, r, n) =>
        {
            p.IsHttp2 = true;
            KeepAlive(p, r, n, slow: true);
        }),
        new("HTTP/2, and a proxy that balances requests prefers one pod", [], Default, (p, r, n) =>
        {
            p.IsHttp2 = true;
            Each(n, i =>
                p.Answer(
                    r.Next(p.Pods.Length + 2) is var to && to < p.Pods.Length ? to : 0,
                    port: 40_000 + i % 2,
                    on: (i % 2, i / 2)
                )
            );
        }),
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
        new("local-traffic-policy, entries from before", ["local-traffic-policy"], Default, (p, r, n) =>
            InternalLocal(p, r, n)
        ),
        new("local-traffic-policy that leaks", ["local-traffic-policy"], Default, (p, r, n) =>
            InternalLocal(p, r, n, leak: true)
        ),
        new("no-local-endpoint", ["no-local-endpoint"], Default, (p, r, n) => NoLocalPod(p, r, n, outside: false)),
        new(
            "no-local-endpoint, of the node that traffic from outside enters",
            ["no-local-endpoint"],
            Default,
            (p, r, n) => NoLocalPod(p, r, n, outside: true)
        ),
        new("a local policy, and nothing of the node answers", [], Default, (p, r, n) =>
        {
            p.Service = p.Service with { InternalLocal = true };
            p.Expect(p.IsLocal);
            Each(n, _ => p.Dropped());
        }),
        new("a local policy without a local pod, and pods that answer 503", [], Default, (p, r, n) =>
        {
            (p.Service, p.ClientNode) = (p.Service with { InternalLocal = true }, "empty");
            p.Expect(_ => false);
            Each(n, _ => p.Answer(p.Any(), status: 503));
        }),
        new("stale-endpoints", ["stale-endpoints"], Default, (p, r, n) =>
            OwnAddresses(p, r, n, _ => p.Dropped(r.Next(2) == 0 ? "Reset" : "dropped"))
        ),
        new("addresses of its own that answer for pods", ["even", "undecided"], Few, (p, r, n) =>
            OwnAddresses(p, r, n + 5000, _ => p.Answer(p.Any()))
        ),
        new("addresses of its own that answer 503", [], Default, (p, r, n) =>
            OwnAddresses(p, r, n, to => p.Answer(to % p.Pods.Length, status: 503))
        ),
        new("addresses of its own that nothing is sent to, and a pod that does not answer", [], Few, (p, r, n) =>
        {
            p.UnknownAddresses["192.0.2.1"] = "own";
            Each(n + 3000, _ =>
            {
                if (p.Any() is > 0 and var to)
                    p.Answer(to);
                else
                    p.Dropped();
            });
        }),
        new("policy-denial", ["policy-denial"], Default, (p, r, n) => PolicyDenial(p, r, n)),
        new("policies deny some pods, and another one is frozen", [], Default, (p, r, n) =>
            PolicyDenial(p, r, n, other: "dropped")
        ),
        new("policies deny some pods, and another one refuses", [], Default, (p, r, n) =>
            PolicyDenial(p, r, n, other: "ConnectRefused")
        ),
        new("policies should deny a pod that answers, and another one is frozen", [], Default, (p, r, n) =>
        {
            p.DeniedPods.Add(0);
            Each(n, _ =>
            {
                if (p.Any() is > 0 and var to && to == p.Pods.Length - 1)
                    p.Dropped();
                else
                    p.Answer(p.Any());
            });
        }),
        new("frozen-pod", ["frozen-pod"], Default, (p, r, n) => Frozen(p, r, n, from: r.Next(2) == 0 ? 0 : n / 3)),
        new("frozen, and its counters were not read meanwhile", ["frozen-pod"], Default, (p, r, n) =>
        {
            Frozen(p, r, n, from: 0);
            p.SilentPods.Clear();
        }),
        new("the node of a pod is lost", [], Default, (p, r, n) =>
        {
            Frozen(p, r, n, from: 0);
            p.LostNode = p.Pods[p.SilentPods.Single()].Node;
        }),
        new("one pod is silent, and another one gets no requests through", [], Default, (p, r, n) =>
        {
            Frozen(p, r, n, from: 0);
            var frozen = p.SilentPods.Single();
            p.SilentPods.Clear();
            p.SilentPods.Add((frozen + 1) % p.Pods.Length);
        }),
        new("two pods do not answer, and one of them is frozen", [], Three, (p, r, n) =>
        {
            p.SilentPods.Add(0);
            Each(n, _ =>
            {
                if (p.Any() is > 1 and var to)
                    p.Answer(to);
                else
                    p.Dropped();
            });
        }),
        new("slow-pod, alone on its node and silent", ["slow-pod"], Three, (p, r, n) =>
        {
            var slow = p.Any();
            p.LatencyMs = i => i == slow ? 3000 : 2;
            p.SilentPods.Add(slow);
            Even(p, r, n);
        }),
        new(
            "slow-pod, beside others",
            ["slow-pod"],
            r => new SyntheticPhase(r, 4, 2, [0, 1, 1, 0]),
            (p, r, n) =>
            {
                var slow = p.Any();
                p.LatencyMs = i => i == slow ? 200 : 2;
                Even(p, r, n);
            }
        ),
        // Seen on a machine with too much to do: a pod paused in the first half second of a run.
        new(
            "a pod that paused, in a phase of half a second",
            ["undecided"],
            r => new SyntheticPhase(r, 3, 3, [0, 1, 2]) { Seconds = 0.6 },
            (p, r, n) =>
            {
                var paused = p.Any();
                p.LatencyMs = i => i == paused ? 60 : 2;
                Even(p, r, 42);
            }
        ),
        new(
            "the network to another node is slow",
            ["even", "undecided"],
            r => new SyntheticPhase(r, r.Next(2, 8)),
            (p, r, n) => SlowNetwork(p, r, n)
        ),
        new("all pods gone and back", ["even", "undecided"], Few, (p, r, n) =>
        {
            for (var i = 0; i < p.Pods.Length; i++)
                New(p, i);
            Each(n + 5000, _ => p.Answer(p.Any(), usedBefore: true));
        }),
        new("all pods gone for a third of the phase, and back", [], Few, (p, r, n) =>
        {
            for (var i = 0; i < p.Pods.Length; i++)
                New(p, i);
            Each(n, i =>
            {
                if (i % n < n / 3)
                    p.Dropped(i % 2 == 0 ? "Reset" : "dropped");
                else
                    p.Answer(p.Any());
            });
        }),
        new("a local policy from the middle of the phase on", [], Default, (p, r, n) =>
            Halves(
                p,
                n + 1000,
                () => p.Service = p.Service with { InternalLocal = true },
                _ => p.Answer(p.AnyOf(Indices(p, p.IsLocal)))
            )
        ),
        new("session affinity from the middle of the phase on", [], Default, (p, r, n) =>
            Halves(p, n + 1000, () => p.Service = p.Service with { ClientIpAffinity = true }, _ => p.Answer(0))
        ),
        new("a policy denies a pod from the middle of the phase on", [], Default, (p, r, n) => Halves(
                p,
                n + 1000,
                () => p.DeniedPods.Add(0),
                _ =>
                {
                    if (p.Any() is > 0 and var to)
                        p.Answer(to);
                    else
                        p.Dropped();
                }
            )),
        new("zone-routing", ["zone-routing"], Default, Zones),
        new("unready-pod", ["unready-pod"], r => new SyntheticPhase(r), Unready),
        new("l7-denial", ["l7-denial"], Default, Denial),
        new("retry-amplification", ["retry-amplification"], Default, (p, r, n) => OwnErrors(p, r, n, retries: true)),
        new("stale-backends-on-node", ["stale-backends-on-node"], Default, StaleNode),
        new("a pod's own 503", [], Default, (p, r, n) => OwnErrors(p, r, n, retries: false)),
        new("remote pods' own 503 between HTTP rules on both sides", [], Default, RemoteOwnErrors),
        new("a pod's own 403", [], Default, (p, r, n) => OwnErrors(p, r, n, retries: false, status: 403)),
        new("a slow pod", ["slow-pod"], Default, (p, r, n) =>
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

    /// <summary>Few Pods, so that some thousand connections decide.</summary>
    private static SyntheticPhase Few(Random random) => new(random, random.Next(2, 4));

    private static SyntheticPhase Three(Random random) => new(random, 3, 3, [0, 1, 2]);

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
