namespace CiliumDebugging.Measurement.Tests.Diagnosis;

/// <summary>What a Service's spec and its EndpointSlices do.</summary>
internal static partial class SyntheticFaults
{
    /// <summary>
    /// internalTrafficPolicy: Local. Ports with an entry from before the policy keep their old choice.
    /// </summary>
    /// <param name="leak">Requests leave the node at random instead, without a memory of ports.</param>
    public static void InternalLocal(SyntheticPhase phase, Random random, int requests, bool leak = false)
    {
        phase.Service = phase.Service with { InternalLocal = true };
        phase.Expect(phase.IsLocal);
        var (local, entries) = (Indices(phase, phase.IsLocal), new Dictionary<int, int>());
        for (var port = 0; port < 14_116; port++)
        {
            if (random.Next(100) < 5)
                entries[32_769 + 2 * port] = phase.Any();
        }
        Each(requests, _ =>
        {
            var port = phase.Port();
            var to = leak
                ? random.Next(20) == 0
                    ? phase.Any()
                    : phase.AnyOf(local)
                : entries.TryGetValue(port, out var old)
                    ? old
                    : phase.AnyOf(local);
            phase.Answer(to, port: port);
        });
    }

    /// <summary>The node has no Pod: all requests are dropped, except those of a few ports with an old entry.</summary>
    public static void NoLocalPod(SyntheticPhase phase, Random random, int requests, bool outside)
    {
        var remainder = random.Next(2) == 0;
        if (outside)
            (phase.Service, phase.EntryNode) = (
                phase.Service with
                {
                    ExternalLocal = true,
                    FromOutside = true,
                },
                "empty"
            );
        else
            (phase.Service, phase.ClientNode) = (phase.Service with { InternalLocal = true }, "empty");
        phase.Expect(_ => false);
        Each(requests, _ =>
        {
            if (remainder && random.Next(50) == 0)
                phase.Answer(phase.Any());
            else
                phase.Dropped();
        });
    }

    /// <summary>The Service has addresses beside those of its Pods.</summary>
    /// <param name="answer">What happens to a request that one of them is chosen for.</param>
    public static void OwnAddresses(SyntheticPhase phase, Random random, int requests, Action<int> answer)
    {
        var unknown = random.Next(1, 4);
        for (var i = 0; i < unknown; i++)
            phase.UnknownAddresses[$"192.0.2.{i + 1}"] = "own";
        Each(requests, _ =>
        {
            var to = random.Next(phase.Pods.Length + unknown);
            if (to < phase.Pods.Length)
                phase.Answer(to);
            else
                answer(to);
        });
    }
}
