using CiliumDebugging.Measurement.Counters;
using CiliumDebugging.Measurement.Diagnosis;

namespace CiliumDebugging.Measurement.Tests.Diagnosis;

/// <summary>What the requests of a simulated phase meet: known mechanisms, and faults that no rule knows.</summary>
internal static partial class SyntheticFaults
{
    public static SyntheticPhase Default(Random random) => new(random);

    public static void Each(int requests, Action<int> request)
    {
        for (var i = 0; i < requests; i++)
            request(i);
    }

    public static List<int> Indices(SyntheticPhase phase, Func<int, bool> which) =>
        [.. Enumerable.Range(0, phase.Pods.Length).Where(which)];

    public static void Among(SyntheticPhase phase, int requests, Func<int, bool> which)
    {
        var pods = Indices(phase, which);
        Each(requests, _ => phase.Answer(phase.AnyOf(pods)));
    }

    public static void Even(SyntheticPhase phase, Random random, int requests) =>
        Each(requests, _ => phase.Answer(phase.Any()));

    public static void TwoSided(SyntheticPhase phase, Random random, int requests)
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
    public static void StaleConntrack(SyntheticPhase phase, Random random, int requests) =>
        StaleConntrack(phase, random, requests + 2000, random.Next(8_000, 20_000));

    public static void New(SyntheticPhase phase, int pod) =>
        phase.Endpoints[phase.Pods[pod].HubbleName] = new EndpointFacts(true, null, [], 20);

    public static void StaleConntrack(SyntheticPhase phase, Random random, int requests, int before, int? ports = null)
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

    public static void KeepAlive(SyntheticPhase phase, Random random, int requests, bool slow = false)
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

    public static void Affinity(SyntheticPhase phase, Random random, int requests)
    {
        phase.Service = phase.Service with { ClientIpAffinity = true };
        var to = phase.Any();
        Each(requests, _ => phase.Answer(to));
    }

    public static void ExternalLocal(SyntheticPhase phase, Random random, int requests)
    {
        phase.Service = phase.Service with { ExternalLocal = true, FromOutside = true };
        Each(requests + 4000, _ => phase.Answer(random.Next(2) == 0 ? 0 : 1 + random.Next(2)));
    }

    public static void Zones(SyntheticPhase phase, Random random, int requests)
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

    public static void Unready(SyntheticPhase phase, Random random, int requests)
    {
        phase.Endpoints[$"{phase.Pods[0].Namespace}/not-ready"] = new EndpointFacts(false, null, [], -100);
        Even(phase, random, requests);
    }

    public static void Denial(SyntheticPhase phase, Random random, int requests)
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

    public static void OwnErrors(SyntheticPhase phase, Random random, int requests, bool retries, int status = 503)
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

    public static void RemoteOwnErrors(SyntheticPhase phase, Random random, int requests)
    {
        phase.Rules = (true, true);
        Each(requests, _ =>
        {
            var to = phase.Any();
            phase.Answer(to, phase.IsLocal(to) ? 200 : 503);
        });
    }

    public static void BrokenNetwork(SyntheticPhase phase, Random random, int requests)
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

    public static void SlowStart(SyntheticPhase phase, Random random, int requests)
    {
        New(phase, 0);
        Each(requests + 4000, _ =>
        {
            var to = phase.Any();
            phase.Answer(to == 0 && random.Next(3) > 0 ? phase.Any() : to, usedBefore: random.Next(2) == 0);
        });
    }

    public static void UnknownPod(SyntheticPhase phase, Random random, int requests)
    {
        New(phase, 0);
        var (old, used) = (Indices(phase, i => i > 0), random.Next(0, 101));
        Each(requests, _ => phase.Answer(phase.AnyOf(old), usedBefore: random.Next(100) < used));
    }

    public static void StaleNode(SyntheticPhase phase, Random random, int requests)
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

    /// <summary>Client ports that each keep the Pod of their first connection.</summary>
    public static void FewPorts(SyntheticPhase phase, Random random, int requests, int ports)
    {
        var choices = Enumerable.Range(0, ports).Select(_ => phase.Any()).ToArray();
        Each(requests, _ =>
        {
            var port = random.Next(ports);
            phase.Answer(choices[port], port: 40_001 + 2 * port, usedBefore: random.Next(2) == 0);
        });
    }

    /// <summary>Policies deny the client some of the Pods.</summary>
    /// <param name="other">What happens at a Pod that is allowed; null: it answers.</param>
    public static void PolicyDenial(SyntheticPhase phase, Random random, int requests, string? other = null)
    {
        var denied = random.Next(1, phase.Pods.Length + (other is null ? 1 : 0));
        phase.DeniedPods.UnionWith(Enumerable.Range(0, denied));
        Each(requests, _ =>
        {
            var to = phase.Any();
            if (to < denied)
                phase.Dropped();
            else if (other is not null && to == denied)
                phase.Dropped(other);
            else
                phase.Answer(to);
        });
    }

    /// <summary>A Pod stops answering, requests and readings of its counters alike.</summary>
    public static void Frozen(SyntheticPhase phase, Random random, int requests, int from)
    {
        var frozen = phase.Any();
        phase.SilentPods.Add(frozen);
        Each(requests, i =>
        {
            if (phase.Any() is var to && to == frozen && i >= from)
                phase.Dropped();
            else
                phase.Answer(to);
        });
    }

    /// <summary>The network to one other node is slow: so are all its Pods.</summary>
    public static void SlowNetwork(SyntheticPhase phase, Random random, int requests)
    {
        var remote = Indices(phase, i => !phase.IsLocal(i));
        var node = remote.Count == 0 ? "" : phase.Pods[phase.AnyOf(remote)].Node;
        phase.LatencyMs = i => phase.Pods[i].Node == node ? 300 + random.Next(100) : 2;
        Even(phase, random, requests);
    }

    /// <summary>The first half of the requests meets an even Service, the other half something else.</summary>
    public static void Halves(SyntheticPhase phase, int requests, Action change, Action<int> then)
    {
        Each(requests / 2, _ => phase.Answer(phase.Any()));
        change();
        Each(requests / 2, then);
    }

    /// <summary>Settings that could explain a skew, but do not explain this one.</summary>
    public static void Decoys(SyntheticPhase phase, Random random)
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
