using CiliumDebugging.Statistics;

namespace CiliumDebugging.Bench.Skew;

/// <summary>How many connections a decision takes at α = 1e-4. Each run takes its own seed.</summary>
internal static class Detection
{
    /// <summary>Ports of a client that binds to port 0 through vegeta: random odd ports of 32768–60999.</summary>
    private const int Ports = 14_116;
    private static readonly string[] s_pods = ["a", "b", "c"];
    private static readonly RecordedEvent s_applied = new("policy applied", TimeSpan.Zero);

    /// <summary>Connections until an even service is called even.</summary>
    public static double Even(ulong seed, int backends)
    {
        var random = new SkewRandom(seed);
        var monitor = new SkewMonitor(ExpectedShares.Equal([.. Enumerable.Range(0, backends).Select(i => $"pod-{i}")]));
        while (monitor.Add(random.Below(backends)) == VerdictKind.Undecided) { }
        return monitor.State == VerdictKind.Even ? monitor.Connections : double.NaN;
    }

    /// <summary>The scenario of the original report: 60 s at 50/s even, then two thirds answer 503 without a pod.
    /// Delivery is watched; returns the requests of the evaluated prefix after the event, successful or not.</summary>
    public static double OriginalDelivery(ulong seed, bool recorded)
    {
        var random = new SkewRandom(seed);
        var delivery = new SkewMonitor(ExpectedShares.Equal(s_pods));
        for (var n = 0; n < 3000; n++)
            delivery.Add(random.Below(3));
        if (delivery.State == VerdictKind.Skewed)
            return double.NaN;
        if (recorded)
            delivery.Record(s_applied);
        for (var requests = 1; ; requests++)
        {
            if (random.Below(3) == 2 && delivery.Add(2) == VerdictKind.Skewed)
                return requests;
        }
    }

    /// <summary>Independent draws at the shares that stale conntrack has at p = 0.67; <paramref name="evenBefore"/>
    /// even connections first.</summary>
    public static double StaleShares(ulong seed, int evenBefore, bool known, bool recorded)
    {
        var random = new SkewRandom(seed);
        var (test, monitor) = (
            new SkewTest(ExpectedShares.Equal(s_pods)),
            new SkewMonitor(ExpectedShares.Equal(s_pods))
        );
        for (var n = 0; n < evenBefore; n++)
            monitor.Add(random.Below(3));
        if (recorded)
            monitor.Record(s_applied);
        var newPod = (1 - 0.67 * 2 / 3) / 3;
        double[] shares = [(1 - newPod) / 2, (1 - newPod) / 2, newPod];
        for (var n = 1; ; n++)
        {
            var backend = random.From(shares);
            if (known)
            {
                test.Add(backend);
                if (test.IsSkewed)
                    return n;
            }
            else if (monitor.Add(backend) == VerdictKind.Skewed)
            {
                return n;
            }
        }
    }

    /// <summary>The mechanism itself: ports keep their backend; after 312 s at 50/s one of three pods is replaced,
    /// which changes the expected backends and is recorded when <paramref name="recorded"/>. Returns connections after
    /// it; only a port's first use since then is an observation.</summary>
    public static double StaleConntrack(ulong seed, bool recorded)
    {
        const int replaced = 2;
        var random = new SkewRandom(seed);
        var monitor = new SkewMonitor(ExpectedShares.Equal(s_pods));
        var assigned = new int[Ports];
        var used = new bool[Ports];
        Array.Fill(assigned, -1);
        for (var n = 0; n < 312 * 50; n++)
            Connect();
        if (monitor.State == VerdictKind.Skewed)
            return double.NaN;
        for (var port = 0; port < Ports; port++)
            assigned[port] = assigned[port] == replaced ? -1 : assigned[port];
        Array.Clear(used);
        if (recorded)
            monitor.Expect(ExpectedShares.Equal("a", "b", "d"), s_applied);
        for (var n = 1; n < 50_000; n++)
        {
            Connect();
            if (monitor.State == VerdictKind.Skewed)
                return n;
        }
        return double.PositiveInfinity;

        void Connect()
        {
            var port = random.Below(Ports);
            if (assigned[port] < 0)
                assigned[port] = random.Below(3);
            if (!used[port])
                monitor.Add(assigned[port]);
            used[port] = true;
        }
    }
}
