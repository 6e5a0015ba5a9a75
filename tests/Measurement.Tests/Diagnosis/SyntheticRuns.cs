using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;

namespace CiliumDebugging.Measurement.Tests.Diagnosis;

/// <summary>One simulated run.</summary>
/// <param name="Truth">What was simulated.</param>
/// <param name="Names">The diagnoses that are true of it; "unknown" always is.</param>
/// <param name="Evidence">What the three views show.</param>
internal sealed record SyntheticRun(string Truth, string[] Names, Evidence Evidence);

/// <summary>Simulated runs of every mechanism that a rule knows, and of faults that none knows. Only
/// <see cref="SyntheticRun.Truth"/> and the names tell which.</summary>
internal static class SyntheticRuns
{
    private delegate void Simulation(SyntheticPhase phase, Random random, int requests);

    private static readonly (
        string Truth,
        string[] Names,
        Func<Random, SyntheticPhase> Cluster,
        Simulation Run
    )[] s_all = [("even", ["even"], Default, Even), ("even, one Hubble node lost", ["even"], Default, (p, r, n) =>
        {
            p.LostNode = p.Pods[r.Next(p.Pods.Length)].Node;
            p.Rules = (false, true);
            Even(p, r, n);
        }), ("two-sided-l7", ["two-sided-l7"], Default, TwoSided), ("two-sided-l7, a Hubble node lost", ["two-sided-l7"], Default, (p, r, n) =>
        {
            p.LostNode = p.Pods[r.Next(p.Pods.Length)].Node;
            TwoSided(p, r, n);
        }), ("stale-conntrack", ["stale-conntrack"], Default, StaleConntrack), ("stale-conntrack, few ports used before", ["stale-conntrack"], Default, (p, r, n) => StaleConntrack(p, r, n, before: r.Next(200, 4000))), ("stale-conntrack, every port used before", ["stale-conntrack"], r => new SyntheticPhase(r, r.Next(3, 8)), (p, r, n) => StaleConntrack(p, r, n + 2000, before: 10_000, ports: 700)), ("a pod replaced, and no memory of ports", ["even"], Default, (p, r, n) =>
        {
            New(p, 0);
            Each(n, _ => p.Answer(p.Any(), usedBefore: r.Next(2) == 0));
        }), ("keepalive-pinning", ["keepalive-pinning"], Default, (p, r, n) => KeepAlive(p, r, n)), ("session-affinity", ["session-affinity"], Default, Affinity), ("local-traffic-policy", ["local-traffic-policy"], Default, (p, r, n) =>
        {
            p.Service = p.Service with { InternalLocal = true };
            Among(p, n, p.IsLocal);
        }), ("local-traffic-policy from outside", ["local-traffic-policy"], r => new SyntheticPhase(r, 3, 2, [0, 1, 1]), ExternalLocal), ("zone-routing", ["zone-routing"], Default, Zones), ("unready-pod", ["unready-pod"], r => new SyntheticPhase(r), Unready), ("l7-denial", ["l7-denial"], Default, Denial), ("retry-amplification", ["retry-amplification"], Default, (p, r, n) => OwnErrors(p, r, n, retries: true)), ("stale-backends-on-node", ["stale-backends-on-node"], Default, StaleNode), ("a pod's own 503", [], Default, (p, r, n) => OwnErrors(p, r, n, retries: false)), ("remote pods' own 503 between HTTP rules on both sides", [], Default, RemoteOwnErrors), ("a pod's own 403", [], Default, (p, r, n) => OwnErrors(p, r, n, retries: false, status: 403)), ("a slow pod", [], Default, (p, r, n) =>
        {
            var slow = p.Any();
            p.LatencyMs = i => i == slow ? 2000 : 2;
            Even(p, r, n);
        }), ("network to other nodes broken before and after the rules", [], Default, BrokenNetwork), ("a pod refuses connections", [], Default, (p, r, n) =>
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
        }), ("one pod is chosen three times as often", [], Default, (p, r, n) =>
        {
            Decoys(p, r);
            Each(n, _ => p.Answer(r.Next(p.Pods.Length + 2) is var i && i < p.Pods.Length ? i : 0));
        }), ("a new pod starts slowly, on all ports", [], Default, SlowStart), ("the client's node does not know a new pod", [], Default, UnknownPod), ("the client's node does not know a new pod and chooses by port", [], Default, (p, r, n) =>
        {
            New(p, 0);
            Each(n, i => p.Answer(1 + i % 500 % (p.Pods.Length - 1), port: 40_000 + i % 500, usedBefore: true));
        }), ("proxies on the backends' nodes overflow", [], Default, (p, r, n) =>
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
        }), ("one kept-alive connection and affinity", ["session-affinity", "keepalive-pinning"], Default, (p, r, n) =>
        {
            p.Service = p.Service with { ClientIpAffinity = true };
            KeepAlive(p, r, n);
        }), ("keepalive and a slow pod", ["keepalive-pinning"], Default, (p, r, n) => KeepAlive(p, r, n, slow: true)), ("affinity and the pod's own 503", ["session-affinity"], Default, (p, r, n) =>
        {
            p.Service = p.Service with { ClientIpAffinity = true };
            var to = p.Any();
            Each(n, i => p.Answer(to, i % 3 == 0 ? 503 : 200));
        }), ("affinity and a local policy", ["session-affinity", "local-traffic-policy"], Default, (p, r, n) =>
        {
            p.Service = p.Service with { ClientIpAffinity = true, InternalLocal = true };
            var to = Indices(p, p.IsLocal)[0];
            Each(n, _ => p.Answer(to));
        })];

    /// <summary>Runs of every kind.</summary>
    public static IEnumerable<SyntheticRun> All(int seeds) =>
        from kind in s_all.Select((k, i) => (Kind: k, Index: i))
        from seed in Enumerable.Range(0, seeds)
        select Simulate(kind.Kind, new Random(1000 * kind.Index + seed));

    private static SyntheticRun Simulate(
        (string Truth, string[] Names, Func<Random, SyntheticPhase> Cluster, Simulation Run) kind,
        Random random
    )
    {
        var phase = kind.Cluster(random);
        kind.Run(phase, random, random.Next(300, 6000));
        return new SyntheticRun(kind.Truth, kind.Names, phase.Evidence());
    }

    private static SyntheticPhase Default(Random random) => new(random);

    private static void Each(int requests, Action<int> request)
    {
        for (var i = 0; i < requests; i++)
            request(i);
    }

    private static List<int> Indices(SyntheticPhase phase, Func<int, bool> which) =>
        [.. Enumerable.Range(0, phase.Pods.Length).Where(which)];

    private static void Among(SyntheticPhase phase, int requests, Func<int, bool> which)
    {
        var pods = Indices(phase, which);
        Each(requests, _ => phase.Answer(phase.AnyOf(pods)));
    }

    private static void Even(SyntheticPhase phase, Random random, int requests) =>
        Each(requests, _ => phase.Answer(phase.Any()));

    private static void TwoSided(SyntheticPhase phase, Random random, int requests)
    {
        phase.Rules = (true, true);
        Each(requests, _ =>
        {
            var to = phase.Any();
            if (phase.IsLocal(to))
                phase.Answer(to);
            else
                phase.ProxyError(to);
        });
    }

    /// <summary>Ports keep the choice they made among the Pods before one was replaced; those of the replaced one
    /// choose again.</summary>
    private static void StaleConntrack(SyntheticPhase phase, Random random, int requests) =>
        StaleConntrack(phase, random, requests + 2000, random.Next(8_000, 20_000));

    private static void New(SyntheticPhase phase, int pod) =>
        phase.Endpoints[phase.Pods[pod].HubbleName] = new EndpointFacts(true, null, [], 20);

    private static void StaleConntrack(SyntheticPhase phase, Random random, int requests, int before, int? ports = null)
    {
        int Port() => ports is { } few ? 40_001 + 2 * random.Next(few) : phase.Port();
        var young = phase.Any();
        New(phase, young);
        var (choices, old) = (new Dictionary<int, int>(), new HashSet<int>());
        Each(before, _ =>
        {
            var port = Port();
            old.Add(port);
            choices.TryAdd(port, phase.Any());
        });
        foreach (var port in old.Where(p => choices[p] == young))
            choices[port] = phase.Any();
        Each(requests, _ =>
        {
            var port = Port();
            if (!choices.TryGetValue(port, out var to))
                choices[port] = to = phase.Any();
            phase.Answer(to, port: port, usedBefore: old.Contains(port));
        });
    }

    private static void KeepAlive(SyntheticPhase phase, Random random, int requests, bool slow = false)
    {
        var chosen = Enumerable.Range(0, random.Next(1, phase.Pods.Length)).Select(_ => phase.Any()).ToArray();
        // Opened before the phase, with requests of their own then.
        var before = random.Next(200);
        if (slow)
            phase.LatencyMs = i => i == chosen[0] ? 2000 : 2;
        for (var i = 0; i < requests; i++)
        {
            var connection = slow && random.Next(4) != 0 ? chosen.Length - 1 : i % chosen.Length;
            phase.Answer(chosen[connection], port: 40_000 + connection, on: (connection, before + i / chosen.Length));
        }
    }

    private static void Affinity(SyntheticPhase phase, Random random, int requests)
    {
        phase.Service = phase.Service with { ClientIpAffinity = true };
        var to = phase.Any();
        Each(requests, _ => phase.Answer(to));
    }

    private static void ExternalLocal(SyntheticPhase phase, Random random, int requests)
    {
        phase.Service = phase.Service with { ExternalLocal = true, FromOutside = true };
        Each(requests + 4000, _ => phase.Answer(random.Next(2) == 0 ? 0 : 1 + random.Next(2)));
    }

    private static void Zones(SyntheticPhase phase, Random random, int requests)
    {
        var hints = random.Next(2) == 0;
        var mine = random.Next(1, phase.Pods.Length);
        for (var i = 0; i < phase.Pods.Length; i++)
        {
            var zone = i < mine ? "zone-a" : "zone-b";
            phase.Endpoints[phase.Pods[i].HubbleName] = new EndpointFacts(true, zone, hints ? [zone] : [], -100);
        }
        phase.ClientZone = "zone-a";
        phase.Service = phase.Service with { PrefersZone = !hints };
        Among(phase, requests, i => i < mine);
    }

    private static void Unready(SyntheticPhase phase, Random random, int requests)
    {
        phase.Endpoints[$"{phase.Pods[0].Namespace}/not-ready"] = new EndpointFacts(false, null, [], -100);
        Even(phase, random, requests);
    }

    private static void Denial(SyntheticPhase phase, Random random, int requests)
    {
        phase.Rules = random.Next(3) switch
        {
            0 => (true, false),
            1 => (false, true),
            _ => (true, true),
        };
        var denied = random.Next(1, 101);
        Each(requests, _ =>
        {
            var to = phase.Any();
            if (random.Next(100) < denied)
                phase.Denied(to);
            else
                phase.Answer(to);
        });
    }

    private static void OwnErrors(SyntheticPhase phase, Random random, int requests, bool retries, int status = 503)
    {
        phase.Rules = random.Next(3) switch
        {
            0 => (true, false),
            1 => (false, true),
            _ => (true, true),
        };
        if (!retries && random.Next(4) == 0)
            phase.Rules = (false, false);
        var (bad, attempts) = (
            phase.Any(),
            !retries ? 1
            : phase.Rules == (true, true) ? 16
            : 4
        );
        var share = random.Next(10, 101);
        Each(requests, _ =>
        {
            var to = phase.Any();
            if (to == bad && random.Next(100) < share)
                phase.Answer(to, status, attempts);
            else
                phase.Answer(to);
        });
    }

    private static void RemoteOwnErrors(SyntheticPhase phase, Random random, int requests)
    {
        phase.Rules = (true, true);
        Each(requests, _ =>
        {
            var to = phase.Any();
            phase.Answer(to, phase.IsLocal(to) ? 200 : 503);
        });
    }

    private static void BrokenNetwork(SyntheticPhase phase, Random random, int requests)
    {
        phase.Rules = (true, false);
        void Load() => Each(requests, _ =>
            {
                var to = phase.Any();
                if (phase.IsLocal(to))
                    phase.Answer(to);
                else
                    phase.ProxyError(to);
            });
        Load();
        phase.Previous = phase.Report();
        phase.Rules = (true, true);
        Load();
    }

    private static void SlowStart(SyntheticPhase phase, Random random, int requests)
    {
        New(phase, 0);
        Each(requests + 4000, _ =>
        {
            var to = phase.Any();
            phase.Answer(to == 0 && random.Next(3) > 0 ? phase.Any() : to, usedBefore: random.Next(2) == 0);
        });
    }

    private static void UnknownPod(SyntheticPhase phase, Random random, int requests)
    {
        New(phase, 0);
        var (old, used) = (Indices(phase, i => i > 0), random.Next(0, 101));
        Each(requests, _ => phase.Answer(phase.AnyOf(old), usedBefore: random.Next(100) < used));
    }

    private static void StaleNode(SyntheticPhase phase, Random random, int requests)
    {
        var young = phase.Any();
        New(phase, young);
        var nodes = phase.Pods.Select(p => p.Node).Distinct().Append("another").ToArray();
        var old = Indices(phase, i => i != young);
        var lost = random.Next(2) == 0;
        Each(requests * nodes.Length, i =>
        {
            var node = nodes[i % nodes.Length];
            if (node != nodes[0])
                phase.Answer(phase.Any(), clientNode: node);
            else if (lost && random.Next(phase.Pods.Length) == 0)
                phase.Dropped(clientNode: node);
            else
                phase.Answer(phase.AnyOf(old), clientNode: node);
        });
    }

    /// <summary>Settings that could explain a skew, but do not explain this one.</summary>
    private static void Decoys(SyntheticPhase phase, Random random)
    {
        phase.Service = new ServiceFacts(
            random.Next(2) == 0,
            random.Next(2) == 0,
            random.Next(2) == 0,
            random.Next(2) == 0,
            random.Next(2) == 0
        );
        phase.ClientZone = "zone-a";
        phase.Rules = (random.Next(2) == 0, random.Next(2) == 0);
        foreach (var pod in phase.Pods)
            phase.Endpoints[pod.HubbleName] = new EndpointFacts(
                true,
                random.Next(2) == 0 ? "zone-a" : "zone-b",
                [],
                -100
            );
    }
}
